"""Prepared data sets of synthetic 'faces', for tests that need no person."""

import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data import records

CLASSES = ["pristine", "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"]


def synthetic_face(index: int, split: str, size: int) -> records.FaceRecord:
    """A noisy grey square; every second one has a brighter patch, its mask."""
    rng = np.random.default_rng([index, records.SPLITS.index(split)])
    image = rng.integers(60, 120, (size, size, 3)).astype(np.uint8)
    mask = np.zeros((size, size), np.uint8)
    fake = index % 2
    if fake:
        top, left = rng.integers(0, size // 2, 2)
        mask[top : top + size // 2, left : left + size // 2] = 255
        image[mask > 0] += 100
    return records.FaceRecord(
        image_uint8=image,
        mask_uint8=mask,
        noise_uint8=rng.integers(0, 40, (size, size)).astype(np.uint8),
        mask_valid=True,
        label=fake,
        method=1 + index // 2 % 4 if fake else 0,
        dataset="synthetic",
        video_id=f"{split}{index // 4}",
        frame=index,
        identities=(f"{split}{index // 4}",),
        quality="c23",
        split=split,
        crop_box=(1.0, 2.0, 1.0 + size, 2.0 + size),
        face_score=1.5,
    )


def write_records(
    folder: Path,
    sizes: dict[str, int] | None = None,
    size: int = 72,
    prepare: PrepareConfig | None = None,
) -> Path:
    """Writes a prepared data set like `pipelines.prepare` does."""
    sizes = sizes or {"train": 16, "val": 8, "test": 8}
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, int]] = {}
    for split, count in sizes.items():
        path = folder / f"{split}-00000-of-00001.tfrecord"
        counts[split] = dict.fromkeys(CLASSES, 0)
        with tf.io.TFRecordWriter(str(path)) as writer:
            for index in range(count):
                face = synthetic_face(index, split, size)
                counts[split][CLASSES[face.method]] += 1
                writer.write(records.encode(face))
    prepare = prepare or PrepareConfig(crop_size=size)
    info = {
        "name": "synthetic",
        "classes": CLASSES,
        "prepare": prepare.model_dump(),
        "quality": "c23",
        "counts": counts,
        "version": 1,
    }
    (folder / "dataset.json").write_text(json.dumps(info))
    return folder
