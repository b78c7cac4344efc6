"""The faces of a run, and whether they can train what its config asks for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tensorflow as tf

from fakeloc_tf.config import Config
from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.made.batches import made_batches
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.source import RecordSource, record_names
from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)


class TrainingData:
    """Training and validation faces of a config that `check_data` has passed.

    Attributes:
        records: their prepared folder.
        batches: global batches in an epoch.
        val_count: faces of the validation split.
        classes: indices of the classes that are trained on; None = all.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        folder, methods = config.data.records, config.data.methods
        self.records = Path(folder)
        info = prepared.dataset_info(folder)
        self._reals, *fakes = prepared.class_counts(info, "train", methods).values()
        self._fakes = sum(fakes)
        if config.data.made.portraits:
            self._reals = self._fakes = config.data.made.pairs
        self.batches = (self._reals + self._fakes) // self._batch_size
        self.val_count = sum(prepared.class_counts(info, "val", methods).values())
        self._sigma = info["prepare"]["sigma"]
        self.classes = (
            tuple(prepared.chosen_classes(info, methods).values()) if methods else None
        )
        settings: dict[str, Any] = {"cache": config.data.cache, "classes": self.classes}
        self._train = RecordSource(folder, "train", **settings)
        self._val = RecordSource(folder, "val", **settings)

    @property
    def _batch_size(self) -> int:
        return self._config.training.batch_size

    def class_weights(self) -> tuple[float, float]:
        """Weights of a real and of a fake face that make both classes count alike.

        n / (2·n_class) of the training records; their mean over the faces is 1.
        """
        total = self._reals + self._fakes
        return total / (2 * self._reals), total / (2 * self._fakes)

    @cached_property
    def _maker(self) -> FaceMaker:
        portraits = load_pool(self._config.data.made.portraits)
        return FaceMaker(portraits, self._config.model.image_size)

    def training(
        self,
        sizes: dataset.MapSizes,
        strategy: tf.distribute.Strategy,
        step: str,
        epoch: int,
        skip: int,
    ) -> Any:
        """One epoch of a step, distributed, without its first `skip` batches.

        Of `dataset.training_batches`, or of `made_batches`: made faces of step 2 are
        other ones than those of step 1.
        """
        data = self._config.data
        common = {
            "map_sizes": sizes,
            "sigma": self._sigma,
            "batch_size": self._batch_size,
            "seed": self._config.training.seed,
            "epoch": epoch,
            "skip": skip,
        }

        def of_worker(context: tf.distribute.InputContext) -> tf.data.Dataset:
            settings: dict[str, Any] = common | _share(context)
            if data.made.portraits:
                if step == "step2":
                    settings["epoch"] += self._config.training.step1.epochs
                return made_batches(self._maker, pairs=data.made.pairs, **settings)
            return dataset.training_batches(
                self._train,
                image_size=self._config.model.image_size,
                shuffle_buffer=data.shuffle_buffer,
                augment=data.augment,
                **settings,
            )

        return strategy.distribute_datasets_from_function(of_worker)

    def names(self, ids: Iterable[Sequence[int]]) -> list[str]:
        """What a person calls training faces; `ids` as of `source.record_names`."""
        if self._config.data.made.portraits:
            kinds = ("real", "fake")
            return [f"made pair {int(i)}, {kinds[int(kind)]}" for i, kind in ids]
        return record_names(self.records, "train", ids)

    def validation(
        self, sizes: dataset.MapSizes, strategy: tf.distribute.Strategy
    ) -> Any:
        """The validation split as `dataset.evaluation_batches`, distributed."""
        return strategy.distribute_datasets_from_function(
            lambda context: self._evaluation(sizes, **_share(context))
        )

    def validation_faces(self, sizes: dataset.MapSizes, wanted: int) -> tf.data.Dataset:
        """Some faces of it, as `dataset.spread_faces`, on this worker alone."""
        return dataset.spread_faces(
            self._val,
            image_size=self._config.model.image_size,
            map_sizes=sizes,
            sigma=self._sigma,
            count=self.val_count,
            wanted=wanted,
        )

    def _evaluation(self, sizes: dataset.MapSizes, **share: int) -> tf.data.Dataset:
        return dataset.evaluation_batches(
            self._val,
            image_size=self._config.model.image_size,
            map_sizes=sizes,
            sigma=self._sigma,
            batch_size=self._batch_size,
            count=self.val_count,
            **share,
        )


def _share(context: tf.distribute.InputContext) -> dict[str, int]:
    """Which part of every global batch this worker reads."""
    workers = context.num_input_pipelines
    return {
        "worker": context.input_pipeline_id,
        "workers": workers,
        "replicas": context.num_replicas_in_sync // workers,
    }


def check_batch(config: Config, replicas: int) -> None:
    """Raises a FakelocError unless a batch can be cut for replicas and accumulation."""
    training = config.training
    # A pair stays together.
    pair = 2 if config.data.made.portraits else 1
    parts = pair * replicas * training.accumulate
    if training.batch_size % parts:
        raise FakelocError(
            f"training.batch_size={training.batch_size} cannot be cut into {replicas} "
            f"replica(s) × training.accumulate={training.accumulate}"
            f"{' × pairs of data.made' if pair == 2 else ''}; take a multiple "
            f"of {parts}, such as {-(-training.batch_size // parts) * parts}"
        )


def check_data(info: Mapping[str, Any], config: Config) -> None:
    """Compares `dataset.json` with what the config wants to train.

    Raises:
        FakelocError: a split lacks real or fake faces, there is no full batch, or the
            classes of a five-way model are not those of the records.
    """
    folder, model = config.data.records, config.model
    for split in ("train", "val"):
        faces = prepared.class_counts(info, split, config.data.methods)
        reals = faces[info["classes"][0]]
        fakes = sum(faces.values()) - reals
        if not reals or not fakes:
            raise FakelocError(
                f"{folder}: the split {split!r} has {reals} real and {fakes} fake "
                "faces; both are needed, to learn and to choose the best model. "
                "`splits/*.json` (FF++ layout) or `identities.csv` (folder) say who "
                "is in which split"
            )
    _check_batches(info, config)
    if model.five_way and list(model.classes) != list(info["classes"]):
        raise FakelocError(
            f"{folder} has the classes {', '.join(info['classes'])}; the five-way "
            f"model names {', '.join(model.classes)}: set model.classes to the former"
        )
    if model.five_way and config.data.augment.self_blend:
        raise FakelocError(
            "data.augment.self_blend makes fakes that are of none of the methods of "
            "model.five_way; set one of the two off"
        )
    crop_size = info["prepare"]["crop_size"]
    if crop_size < model.image_size:
        log.warning(
            "%s has faces of %d px, enlarged to model.image_size=%d",
            folder,
            crop_size,
            model.image_size,
        )


def _check_batches(info: Mapping[str, Any], config: Config) -> None:
    """Raises a FakelocError unless the training faces make a batch."""
    made, batch_size = config.data.made, config.training.batch_size
    count = sum(prepared.class_counts(info, "train", config.data.methods).values())
    source = config.data.records
    if made.portraits:
        count, source = 2 * made.pairs, f"data.made.pairs={made.pairs}"
        if config.model.five_way:
            raise FakelocError(
                "data.made makes fakes that are of none of the methods of "
                "model.five_way; set one of the two off"
            )
    if count < batch_size:
        raise FakelocError(
            f"{source}: {count} training faces make no batch of "
            f"training.batch_size={batch_size}"
        )
