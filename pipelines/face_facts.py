"""Prepared records back to a table: one row a face, without its pixels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pandas as pd

from fakeloc_tf.data.prepared import shards_of
from fakeloc_tf.data.records import FaceRecord, decode
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.noise import NOISE_SCALE
from pipelines.beam_options import beam_options


def facts_of(face: FaceRecord, classes: list[str]) -> dict[str, Any]:
    """The row of one face.

    Args:
        face: a decoded record.
        classes: names of the methods; `dataset.json` has them.

    Returns:
        What the record says, and of its pictures: `image_size`, `box_side` (pixels of
        the frame), `mask_share` (0..1 of the crop), mean and variance of |W| in grey
        levels (Fig. 3).
    """
    noise = face.noise_uint8.astype(np.float64) / NOISE_SCALE
    left, _, right, _ = face.crop_box
    known = 0 <= face.method < len(classes)
    return {
        "split": face.split,
        "method": classes[face.method] if known else f"unknown {face.method}",
        "label": face.label,
        "dataset": face.dataset,
        "quality": face.quality,
        "video_id": face.video_id,
        "identities": ";".join(face.identities),
        "frame": face.frame,
        "repeat": face.repeat,
        "mask_valid": int(face.mask_valid),
        "mask_share": float((face.mask_uint8 > 0).mean()),
        "noise_mean": float(noise.mean()),
        "noise_variance": float(noise.var()),
        "image_size": face.image_uint8.shape[0],
        "box_side": float(right - left),
        "face_score": float(face.face_score),
    }


def collect_facts(records: Path, classes: list[str], workers: int = 1) -> pd.DataFrame:
    """Reads every record of a prepared folder.

    Raises:
        FakelocError: there are no records, or one is broken; names the file.
    """
    files = shards_of(records)
    if not files:
        raise FakelocError(f"{records} has no records (train-*.tfrecord, …)")
    with tempfile.TemporaryDirectory() as folder:
        with beam.Pipeline(options=beam_options((), workers)) as pipeline:
            _ = (
                pipeline
                | "Shards" >> beam.Create([str(file) for file in files])
                | "Spread" >> beam.Reshuffle()
                | "Facts" >> beam.Map(_write_facts, classes, folder)
            )
        tables = [pd.read_parquet(path) for path in sorted(Path(folder).iterdir())]
    broken = [str(t["broken"].iloc[0]) for t in tables if "broken" in t]
    if broken:
        raise FakelocError("; ".join(broken))
    facts = pd.concat(tables, ignore_index=True)
    return facts.sort_values(
        ["split", "video_id", "frame", "repeat"], ignore_index=True
    )


def _write_facts(file: str, classes: list[str], folder: str) -> None:
    """One shard to one table; a fault becomes a table of its own."""
    try:
        table = pd.DataFrame(facts_of(face, classes) for face in read_faces(Path(file)))
    except FakelocError as error:
        table = pd.DataFrame({"broken": [str(error)]})
    table.to_parquet(Path(folder) / f"{Path(file).stem}.parquet")


def read_faces(file: Path) -> Iterator[FaceRecord]:
    """The decoded faces of one TFRecord file.

    Raises:
        FakelocError: it is broken; names the file.
    """
    import tensorflow as tf

    try:
        for serialized in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            yield decode(serialized, str(file))
    except tf.errors.DataLossError as error:
        raise FakelocError(f"{file} is broken: {error.message}") from error
