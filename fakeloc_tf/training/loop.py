"""The loop: epochs of batches over a strategy, with callbacks around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def fit(
    model: keras.Model,
    train_step: Callable[[Any], dict[str, tf.Tensor]],
    epoch_batches: Callable[[int], tf.data.Dataset],
    validate: Callable[[], dict[str, float]],
    strategy: tf.distribute.Strategy,
    callbacks: list[keras.callbacks.Callback],
    *,
    first_epoch: int,
    epochs: int,
) -> None:
    """Trains from `first_epoch` until `epochs` epochs are done.

    `keras.Model.fit` is not used: with Keras 3 it fails under
    MultiWorkerMirroredStrategy, and one loop shall serve every strategy.

    Args:
        epoch_batches: epoch → its global batches.
        validate: → validation results, by name.
    """
    calls = keras.callbacks.CallbackList(callbacks, model=model)
    calls.on_train_begin()
    try:
        for epoch in range(first_epoch, epochs):
            calls.on_epoch_begin(epoch)
            batches = strategy.experimental_distribute_dataset(epoch_batches(epoch))
            sums: dict[str, tf.Tensor] = {}
            count = 0
            for batch in batches:
                logs = train_step(batch)
                sums = {
                    name: sums.get(name, 0.0) + value for name, value in logs.items()
                }
                calls.on_train_batch_end(count, logs)
                count += 1
            means = {name: float(value) / count for name, value in sums.items()}
            calls.on_epoch_end(epoch, means | validate())
    finally:
        calls.on_train_end()
