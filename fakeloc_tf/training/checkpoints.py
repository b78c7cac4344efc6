"""Everything a stopped training step needs to go on as if it had not stopped."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from fakeloc_tf.errors import FakelocError


class StepCheckpoint:
    """Weights, optimizer, finished epochs and best value of one training step.

    Args:
        folder: of this step's checkpoints; made when needed.
        model: the model in training.
        optimizer: built for the model's trainable variables.
        keep: how many checkpoints stay on disk.
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        keep: int = 2,
    ) -> None:
        self._epochs = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._best = tf.Variable([-1e30, -1e30], dtype=tf.float64, trainable=False)
        self._checkpoint = tf.train.Checkpoint(
            model=model, optimizer=optimizer, epochs=self._epochs, best=self._best
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(folder), max_to_keep=keep
        )

    @property
    def epochs(self) -> int:
        """Finished epochs."""
        return int(self._epochs.numpy())

    @property
    def best(self) -> tuple[float, float]:
        """The best validation result so far; greater is better, first item first."""
        first, second = self._best.numpy()
        return float(first), float(second)

    @best.setter
    def best(self, value: tuple[float, float]) -> None:
        self._best.assign(value)

    def save(self, epochs: int) -> None:
        """Writes the state after `epochs` finished epochs."""
        self._epochs.assign(epochs)
        self._manager.save(checkpoint_number=epochs)

    def restore(self) -> bool:
        """Reads the newest checkpoint; False where there is none.

        Raises:
            FakelocError: the checkpoint does not fit the model.
        """
        path = self._manager.latest_checkpoint
        if path is None:
            return False
        try:
            self._checkpoint.restore(path).assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise FakelocError(
                f"checkpoint {path} does not fit this run's config ({reason}); "
                "train into another folder with --run"
            ) from error
        return True
