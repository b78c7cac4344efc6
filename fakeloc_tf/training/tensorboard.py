"""What TensorBoard shows of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf


class TensorBoard(keras.callbacks.Callback):
    """Scalars per batch and epoch, and pictures of a few validation faces."""

    def __init__(
        self,
        folder: Path,
        watch: Any,
        *,
        scalar_every: int,
        image_every: int,
        batch_size: int,
        config_yaml: str,
    ) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._watch = watch
        self._scalar_every = scalar_every
        self._image_every = image_every

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes the batch's losses where due."""
        if logs["step"] % self._scalar_every == 0:
            with self._writer.as_default(step=logs["step"]):
                tf.summary.scalar("train/loss", logs["loss"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Writes the epoch's scalars and, where due, pictures."""
        with self._writer.as_default(step=epoch + 1):
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, value)
            if (epoch + 1) % self._image_every == 0:
                for name, pictures in self._watch.pictures().items():
                    tf.summary.image(name, pictures, max_outputs=len(pictures))
        self._writer.flush()
