"""The Keras callback that writes a training step's folder for TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf.training.board import curves, event_files, faces, projector, start

FEATURES = 512


class Watched(Protocol):
    """What the callback looks at on the validation split."""

    @property
    def faces(self) -> Mapping[str, np.ndarray]:
        """The last pass over the split, a value a face: float [N] `target`,
        `mask_valid` and, with semantic heads, `iou`, with a classifier,
        `probability`."""

    def pictures(self) -> dict[str, np.ndarray]:
        """Some faces: `face`, where there are semantic heads `mask/true` and
        `mask/predicted`, and where there are noise heads `noise/true` and
        `noise/predicted`; float32 [N, H, W, 3 or 1] in 0..1."""

    def features(
        self, count: int
    ) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]]] | None:
        """At most `count` faces: the classifier's features float32 [n, d], thumbnails
        uint8 [n, s, s, 3], metadata [n]. None without a classifier."""


class TensorBoard(keras.callbacks.Callback):
    """Writes one training step's curves, pictures and features (see the package).

    Only the chief of several workers may have this callback. A resumed run goes on in
    the same folder: points beyond the place it resumes from are dropped first, they
    will come again; the config, HParams and graph are written once.

    Args:
        folder: of the event files, `<run>/tensorboard/<step>`.
        watch: of this step's model.
        scalar_every: batches between points of `train/`. The losses of other batches
            are not read, which would wait for the device.
        image_every: epochs between pictures; the last epoch has them too.
        epochs: of the whole step.
        batch_size: global batch, for images/s.
        run_name: names the run in the HParams tab.
        config_yaml: the resolved config.
        first_epoch: index of the epoch that training starts or goes on in.
        first_step: `step` of the first batch to come.
    """

    def __init__(
        self,
        folder: Path,
        watch: Watched,
        *,
        scalar_every: int,
        image_every: int,
        epochs: int,
        batch_size: int,
        run_name: str,
        config_yaml: str,
        first_epoch: int,
        first_step: int,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._watch = watch
        self._scalar_every = scalar_every
        self._image_every = image_every
        self._epochs = epochs
        self._batch_size = batch_size
        self._run_name = run_name
        self._config_yaml = config_yaml
        self._first_epoch = first_epoch
        self._first_step = first_step
        self._start_window()

    def on_train_begin(self, logs: Any = None) -> None:
        """Puts the folder in order for this run, and opens its event file."""
        tags = event_files.drop_from(
            self._folder, first_epoch=self._first_epoch, first_step=self._first_step
        )
        self._writer = tf.summary.create_file_writer(str(self._folder))
        if start.CONFIG_TAG not in tags:
            with self._writer.as_default(step=0):
                start.write_start(
                    self.model, self._config_yaml, self._run_name, self._folder.name
                )
            self._writer.flush()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes a point every `scalar_every` steps.

        Args:
            batch: index within the epoch.
            logs: scalar tensors by name; and `step` (int, counts on over epochs and
                resumes), `data_wait` and `step_seconds` (float, seconds).
        """
        step = int(logs["step"])
        self._batches += 1
        self._wait += logs["data_wait"]
        self._seconds += logs["step_seconds"]
        # By step, not by `batch`: a resumed run has its points at the same places.
        if step % self._scalar_every:
            return
        with self._writer.as_default(step=step):
            for name, value in logs.items():
                if name not in ("step", "data_wait", "step_seconds"):
                    tf.summary.scalar(f"train/{name}", float(value))
            images = self._batches * self._batch_size
            tf.summary.scalar("train/images_per_second", images / self._seconds)
            tf.summary.scalar("train/data_wait_share", self._wait / self._seconds)
        # A checkpoint may follow; what a killed run resumes after must be on disk.
        self._writer.flush()
        self._start_window()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the epoch's scalars and, where due, pictures and features.

        Args:
            epoch: index; the tags' step is the number of finished epochs.
            logs: means over the epoch, and validation results `val_*`.
        """
        done = epoch + 1
        with self._writer.as_default(step=done):
            for name, value in (logs or {}).items():
                if name.startswith("val_"):
                    name = f"validation/{name.removeprefix('val_')}"
                elif name == "step":
                    continue
                else:
                    name = f"epoch/{name}"
                tf.summary.scalar(name, float(value))
            last = done == self._epochs or self.model.stop_training
            if last or done % self._image_every == 0:
                self._write_pictures()
        self._writer.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Closes the event file."""
        self._writer.close()

    def _start_window(self) -> None:
        """Time and batches since the last point."""
        self._batches = 0
        self._wait = 0.0
        self._seconds = 0.0

    def _write_pictures(self) -> None:
        curves.write_curves(self._watch.faces)
        faces.write_faces(self._watch.pictures())
        features = self._watch.features(FEATURES)
        if features is not None:
            projector.write_projector(self._folder, *features)
