"""The loop: epochs of batches over a strategy, with callbacks around them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training.checkpoints import Progress, StepCheckpoint

# A loss is read for a look at it every so many batches: reading waits for the device.
LOOK_EVERY = 10


class NonFiniteLoss(FakelocError):
    """The loss of a batch is NaN or infinite.

    Attributes:
        records: int64 [B, 2], the faces of the batch (`data.dataset.record_names`).
    """

    def __init__(self, message: str, records: np.ndarray) -> None:
        super().__init__(message)
        self.records = records


def fit(
    model: keras.Model,
    train_step: Callable[[Any], dict[str, tf.Tensor]],
    epoch_batches: Callable[[int, int], Iterable[Any]],
    validate: Callable[[], dict[str, float]],
    strategy: tf.distribute.Strategy,
    callbacks: list[keras.callbacks.Callback],
    checkpoint: StepCheckpoint,
    *,
    epochs: int,
    batches: int,
    checkpoint_every: int,
) -> None:
    """Trains from where `checkpoint.progress` is until `epochs` epochs are done.

    `keras.Model.fit` is not used: with Keras 3 it fails under
    MultiWorkerMirroredStrategy, and one loop shall serve every strategy.

    Args:
        epoch_batches: (epoch, batches to leave out at its start) → distributed batches.
        validate: → validation results, by name.
        callbacks: get the batch's logs (with `step`, `data_wait` and `step_seconds`)
            and the epoch's (means and validation results); the last one saves.
        batches: in an epoch.
        checkpoint_every: batches between checkpoints within an epoch.

    Raises:
        NonFiniteLoss: names step, faces and the last good checkpoint.
        FakelocError: the validation loss is not finite, or there are too few records.
    """
    progress = checkpoint.progress
    model.stop_training = False  # as `keras.Model.fit` does; callbacks look at it
    for callback in callbacks:
        callback.set_model(model)
        callback.on_train_begin()
    try:
        while progress.epoch < epochs and not progress.complete:
            for callback in callbacks:
                callback.on_epoch_begin(progress.epoch)
            watched = _Watched(checkpoint, strategy)
            data = epoch_batches(progress.epoch, progress.batch)
            for logs in _train(data, train_step, watched, progress, batches):
                # Not `keras.callbacks.CallbackList`: it reads every batch's logs.
                for callback in callbacks:
                    callback.on_train_batch_end(progress.batch - 1, logs)
                if progress.batch % checkpoint_every == 0 and progress.batch < batches:
                    progress.sums = watched.sums()
                    checkpoint.save()
            means = {name: value / batches for name, value in watched.sums().items()}
            progress.epoch, progress.batch, progress.sums = progress.epoch + 1, 0, {}
            results = means | validate()
            if not np.isfinite(results["val_loss"]):
                raise FakelocError(
                    f"the validation loss after epoch {progress.epoch} is "
                    f"{results['val_loss']}. {_advice(checkpoint)}"
                )
            for callback in callbacks:
                callback.on_epoch_end(progress.epoch - 1, results)
    finally:
        for callback in callbacks:
            callback.on_train_end()


def _train(
    data: Iterable[Any],
    train_step: Callable[[Any], dict[str, tf.Tensor]],
    watched: _Watched,
    progress: Progress,
    batches: int,
) -> Iterator[dict[str, Any]]:
    """Trains on the rest of an epoch; yields the logs of each batch."""
    iterator = iter(data)
    while progress.batch < batches:
        started = time.perf_counter()
        batch = next(iterator, None)
        if batch is None:
            raise FakelocError(
                f"the training records end after {progress.batch} batches, but their "
                f"dataset.json counts faces for {batches}; prepare them again"
            )
        arrived = time.perf_counter()
        step = progress.epoch * batches + progress.batch
        logs: dict[str, Any] = train_step(batch)
        watched.add(step, logs, batch)
        progress.batch += 1
        yield logs | {
            "step": step + 1,
            "data_wait": arrived - started,
            "step_seconds": time.perf_counter() - started,
        }


class _Watched:
    """Sums the logs of an epoch and stops at the first that is not finite."""

    def __init__(
        self, checkpoint: StepCheckpoint, strategy: tf.distribute.Strategy
    ) -> None:
        self._checkpoint = checkpoint
        self._strategy = strategy
        self._sums: dict[str, Any] = dict(checkpoint.progress.sums)
        self._unread: deque[tuple[int, Any, Any]] = deque()

    def add(self, step: int, logs: dict[str, tf.Tensor], batch: Any) -> None:
        """Adds a batch's logs; reads them every LOOK_EVERY batches."""
        for name, value in logs.items():
            # float64, so that a sum from a checkpoint is the sum that it was.
            self._sums[name] = self._sums.get(name, 0.0) + tf.cast(value, tf.float64)
        self._unread.append((step, logs["loss"], batch[1].get("record")))
        if len(self._unread) >= LOOK_EVERY:
            self._look()

    def sums(self) -> dict[str, float]:
        """The sums so far; all of them have been looked at."""
        self._look()
        return {name: float(value) for name, value in self._sums.items()}

    def _look(self) -> None:
        while self._unread:
            step, loss, records = self._unread.popleft()
            if not np.isfinite(float(loss)):
                ids = self._strategy.experimental_local_results(records)
                raise NonFiniteLoss(
                    f"the loss of batch {step} is {float(loss)}. "
                    f"{_advice(self._checkpoint)}",
                    np.concatenate([one.numpy() for one in ids]),
                )


def _advice(checkpoint: StepCheckpoint) -> str:
    return (
        f"The last good checkpoint is {checkpoint.latest or 'none yet'}; a lower "
        "learning rate, optimizer.clip_norm=1 or training.precision=float32 may help"
    )
