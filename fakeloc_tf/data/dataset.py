"""The tf.data pipeline: prepared TFRecords → batches of faces and targets."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from fakeloc_tf.data import augment, records, targets
from fakeloc_tf.data.prepared import dataset_info, split_files
from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)

MapSizes = Mapping[str, tuple[int, int]]


def split_size(folder: str | os.PathLike[str], split: str) -> int:
    """Faces in a split, from `dataset.json`."""
    return sum(dataset_info(folder)["counts"].get(split, {}).values())


def load_split(folder: str | os.PathLike[str], split: str) -> tf.data.Dataset:
    """The parsed faces of one split in their written order (`records.parse`)."""
    dataset = tf.data.TFRecordDataset(split_files(folder, split))
    return dataset.map(records.parse, num_parallel_calls=tf.data.AUTOTUNE)


def training_batches(
    faces: tf.data.Dataset,
    *,
    image_size: int,
    map_sizes: MapSizes,
    sigma: float,
    batch_size: int,
    shuffle_buffer: int,
    flip: bool,
    seed: int,
    epoch: int,
) -> tf.data.Dataset:
    """One epoch of shuffled, augmented batches; equal for equal `seed` and `epoch`.

    The seeds hold the epoch, so that a run resumed at an epoch sees what an
    undisturbed one sees. Every random number is stateless: stateful ones are not
    reproducible with parallel calls.

    Args:
        faces: parsed faces (`load_split`), cached or not.
        map_sizes: tap → (height, width) of its maps (`models.detector.map_sizes`).
        sigma: of the noise filter the records were made with.

    Returns:
        Batches of (image float32 [B, S, S, 3] in 0..255, targets as
        `targets.make_targets`); the last, incomplete batch is dropped.
    """
    dataset = faces.shuffle(shuffle_buffer, seed=seed + 1000 * epoch).enumerate()

    def prepare(index: tf.Tensor, face: dict[str, Any]) -> tuple[Any, Any]:
        if flip:
            face = augment.random_flip(face, seed=tf.stack([seed + epoch, index]))
        image = targets.model_input(face["image"], image_size)
        return image, targets.make_targets(face, map_sizes, sigma)

    return (
        dataset.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
        # A smaller last batch would be another graph and another normalisation.
        .batch(batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def evaluation_batches(
    faces: tf.data.Dataset,
    *,
    image_size: int,
    map_sizes: MapSizes,
    sigma: float,
    batch_size: int,
) -> tf.data.Dataset:
    """All faces once, in written order, with targets and a mask at the input size.

    Returns:
        Batches of (image, targets); the targets also hold `mask` float32
        [B, S, S, 1] in 0..1.
    """

    def prepare(face: dict[str, Any]) -> tuple[Any, Any]:
        image = targets.model_input(face["image"], image_size)
        wanted = targets.make_targets(face, map_sizes, sigma)
        wanted["mask"] = targets.soft_mask(face["mask"], (image_size, image_size))
        return image, wanted

    return (
        faces.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
        .batch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )


@contextmanager
def explain_broken_records(
    folder: str | os.PathLike[str], *splits: str
) -> Iterator[None]:
    """Turns TensorFlow's word on a broken record into one that names the file."""
    try:
        yield
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        for path in (p for split in splits for p in split_files(folder, split)):
            try:
                for serialized in tf.data.TFRecordDataset(path):
                    records.parse(serialized)
            except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as fault:
                # Without the names of TensorFlow's nodes around it.
                reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", fault.message).strip()
                raise FakelocError(
                    f"{path} is broken ({reason}); make the records again with "
                    "`python -m pipelines.prepare`"
                ) from error
        raise
