"""The mean training mask: what a model that does not look would predict.

Faces are aligned by the crop, so that one constant mask scores high (0.69 mean IoU on
DFDC crops). Every IoU is shown beside this one's.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import dataset, prepared, targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.media.images import decode_png, to_grey, write_png

log = logging.getLogger(__name__)


def fixed_mask(
    run: Path,
    records: str | os.PathLike[str],
    size: int,
    methods: Sequence[str] = (),
) -> np.ndarray:
    """The mean mask of the training fakes; from 0.5 on it is a mask, as every map.

    Kept in the run as `mean_train_mask.png` (0..255) with the hash of its source in
    `mean_train_mask.json`; made again when the records change.

    Args:
        run: folder of the run.
        records: prepared folder with a training split.
        size: side S of the model's input.
        methods: manipulations that count; none = all.

    Returns:
        float32 [S, S] in 0..1, in steps of 1/255.

    Raises:
        FakelocError: there are no training records, or no fakes with a mask in them.
    """
    picture, note = run / "mean_train_mask.png", run / "mean_train_mask.json"
    # The mask depends on these too.
    chosen = f"methods={','.join(sorted(methods))}\n" if methods else ""
    source = prepared.split_sha256(records, "train", f"size={size}\n{chosen}")
    if not (picture.is_file() and _noted(note) == source):
        mean = mean_mask(records, size, methods)
        write_png(picture, to_grey(mean))
        write_text(note, json.dumps({"source_sha256": source, "size": size}) + "\n")
    return decode_png(picture.read_bytes()).astype(np.float32) / 255


def mean_mask(
    records: str | os.PathLike[str],
    size: int,
    methods: Sequence[str] = (),
    split: str = "train",
) -> np.ndarray:
    """float32 [S, S] in 0..1: how often a pixel is manipulated in a fake of a split.

    Args:
        records: prepared folder.
        size: side S; masks are brought to it by area.
        methods: manipulations that count; none = all.
        split: train, val or test.

    Raises:
        FakelocError: the split has no fake with a mask.
    """
    classes = prepared.chosen_classes(prepared.dataset_info(records), methods)
    wanted = tf.constant(list(classes.values()), tf.int64)
    fakes = dataset.load_split(records, split).filter(
        lambda face: (
            (face["label"] == 1)
            & (face["mask_valid"] == 1)
            & tf.reduce_any(face["method"] == wanted)
        )
    )
    masks = fakes.map(
        lambda face: targets.soft_mask(face["mask"], (size, size))[..., 0],
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    total, count = np.zeros((size, size), np.float64), 0
    with dataset.explain_broken_records(records, split):
        for batch in masks.batch(64):
            total += batch.numpy().sum(0, dtype=np.float64)
            count += len(batch)
    if not count:
        what = "training" if split == "train" else split
        raise FakelocError(f"{records}: no fake with a mask in the {what} split")
    return (total / count).astype(np.float32)


def _noted(path: Path) -> str | None:
    """The hash in the note beside the kept mask."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["source_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
