"""The faces of a run, and whether they can train what its config asks for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from fakeloc_tf.config import Config
from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)


class TrainingData:
    """Training and validation faces of a config that `check_data` has passed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        folder = config.data.records
        self.sigma = prepared.dataset_info(folder)["prepare"]["sigma"]
        self.batches = dataset.split_size(folder, "train") // self._batch_size
        self._faces = dataset.split_size(folder, "val")
        self._train = RecordSource(folder, "train", cache=config.data.cache)
        self._val = RecordSource(folder, "val", cache=config.data.cache)

    @property
    def _batch_size(self) -> int:
        return self._config.training.batch_size

    def training(self, sizes: dataset.MapSizes, epoch: int) -> tf.data.Dataset:
        """One epoch of `dataset.training_batches`."""
        data = self._config.data
        return dataset.training_batches(
            self._train,
            image_size=self._config.model.image_size,
            map_sizes=sizes,
            sigma=self.sigma,
            batch_size=self._batch_size,
            shuffle_buffer=data.shuffle_buffer,
            augment=data.augment,
            seed=self._config.training.seed,
            epoch=epoch,
        )

    def validation(self, sizes: dataset.MapSizes) -> tf.data.Dataset:
        """The validation split as `dataset.evaluation_batches`, without repeats."""
        batches = dataset.evaluation_batches(
            self._val,
            image_size=self._config.model.image_size,
            map_sizes=sizes,
            sigma=self.sigma,
            batch_size=self._batch_size,
            count=self._faces,
        )

        def once(images: tf.Tensor, targets: dict[str, tf.Tensor]) -> Any:
            new = targets["index"] < self._faces
            return tf.nest.map_structure(
                lambda values: tf.boolean_mask(values, new), (images, targets)
            )

        return batches.map(once)


def check_data(info: Mapping[str, Any], config: Config) -> None:
    """Compares `dataset.json` with what the config wants to train.

    Raises:
        FakelocError: a split lacks real or fake faces, there is no full batch, or the
            classes of a five-way model are not those of the records.
    """
    folder, model = config.data.records, config.model
    for split in ("train", "val"):
        faces = info["counts"].get(split, {})
        reals = faces.get(info["classes"][0], 0)
        fakes = sum(faces.values()) - reals
        if not reals or not fakes:
            raise FakelocError(
                f"{folder}: the split {split!r} has {reals} real and {fakes} fake "
                "faces; both are needed, to learn and to choose the best model. "
                "`splits/*.json` (FF++ layout) or `identities.csv` (folder) say who "
                "is in which split"
            )
    count = sum(info["counts"]["train"].values())
    if count < config.training.batch_size:
        raise FakelocError(
            f"{folder}: {count} training faces make no batch of "
            f"training.batch_size={config.training.batch_size}"
        )
    if model.five_way and list(model.classes) != list(info["classes"]):
        raise FakelocError(
            f"{folder} has the classes {', '.join(info['classes'])}; the five-way "
            f"model names {', '.join(model.classes)}: set model.classes to the former"
        )
    crop_size = info["prepare"]["crop_size"]
    if crop_size < model.image_size:
        log.warning(
            "%s has faces of %d px, enlarged to model.image_size=%d",
            folder,
            crop_size,
            model.image_size,
        )
