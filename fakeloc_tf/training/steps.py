"""One batch: the training step, the same on any strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf import losses
from fakeloc_tf.losses import LossWeights

Batch = tuple[tf.Tensor, dict[str, tf.Tensor]]
Logs = dict[str, tf.Tensor]


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    strategy: tf.distribute.Strategy,
    weights: LossWeights,
    *,
    accumulate: int = 1,
    after: Callable[[], None] | None = None,
) -> Callable[[Any], Logs]:
    """Builds the function that trains on one global batch and returns its losses.

    The gradient is that of the mean over the global batch, whatever the number of
    replicas and of parts: every part's loss is its examples' share of that mean, and
    the sum over parts and replicas is formed here, before the optimizer clips it.
    (Batch normalisation sees the faces of one part on all replicas.)

    Args:
        optimizer: `optimizers.make_optimizer`, built for the trainable variables.
        weights: of the terms of Eq. 1.
        accumulate: parts that each replica's batch is cut into, one after the other.
        after: called in the graph after the update, in cross-replica context.

    Returns:
        Function of one (distributed) batch → scalars `loss`, its terms,
        `learning_rate` and `gradient_norm` (before clipping).
    """
    variables = model.trainable_variables

    def replica_step(batch: Batch) -> Logs:
        counts = _global_counts(batch[1])
        gradients, terms = _accumulate(
            lambda part: _gradients(model, optimizer, part, weights, counts),
            batch,
            accumulate,
        )
        context = tf.distribute.get_replica_context()
        gradients, terms = context.all_reduce(
            tf.distribute.ReduceOp.SUM, (gradients, terms)
        )
        # With a loss scale the gradients are scaled, until the optimizer undoes it.
        norm = tf.linalg.global_norm(gradients) / optimizer.scale_loss(1.0)
        # Read before the update moves the schedule on.
        rate = tf.identity(optimizer.learning_rate)
        optimizer.apply(gradients, variables)
        return terms | {"learning_rate": rate, "gradient_norm": norm}

    @tf.function(autograph=False, reduce_retracing=True)
    def train_step(batch: Any) -> Logs:
        logs = strategy.run(replica_step, args=(batch,))
        if after is not None:
            after()
        # All replicas have the same numbers.
        return {
            name: strategy.experimental_local_results(value)[0]
            for name, value in logs.items()
        }

    return train_step


def _global_counts(targets: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Faces of the global batch, and those among them with a usable mask."""
    valid = targets["mask_valid"]
    local = tf.stack([tf.cast(tf.size(valid), valid.dtype), tf.reduce_sum(valid)])
    context = tf.distribute.get_replica_context()
    faces, masks = tf.unstack(context.all_reduce(tf.distribute.ReduceOp.SUM, local))
    return faces, masks


def _gradients(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    part: Batch,
    weights: LossWeights,
    counts: tuple[tf.Tensor, tf.Tensor],
) -> tuple[list[tf.Tensor], Logs]:
    """Gradients (scaled, as the optimizer wants them) and losses of some faces.

    L_b is averaged over the faces with a usable mask of the GLOBAL batch: their count
    has crossed the replicas before the gradient is formed.

    Returns:
        This part's share of the gradient, and of the mean of `loss` and its terms.
    """
    images, targets = part
    faces, masks = counts
    with tf.GradientTape() as tape:
        outputs = model(images, training=True)
        terms = losses.total_loss(outputs, targets, weights, valid_share=masks / faces)
        terms = {"loss": terms.pop("total"), **terms}
        shares = {name: tf.reduce_sum(term) / faces for name, term in terms.items()}
        scaled = optimizer.scale_loss(shares["loss"])
    gradients = tape.gradient(
        scaled,
        model.trainable_variables,
        # A parameter that no loss term reaches has only its decay.
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return gradients, shares


def _accumulate(
    gradients_of: Callable[[Batch], tuple[list[tf.Tensor], Logs]],
    batch: Batch,
    parts: int,
) -> tuple[list[tf.Tensor], Logs]:
    """Sums over the parts of a batch, each after the one before it.

    Note: without the order TensorFlow would hold the activations of all parts at once.
    """
    size = batch[0].shape[0] // parts
    total = None
    for number in range(parts):
        with tf.control_dependencies(tf.nest.flatten(total) if total else []):
            part = tf.nest.map_structure(
                lambda tensor, first=number * size: tf.identity(
                    tensor[first : first + size]
                ),
                batch,
            )
        share = gradients_of(part)
        if total is None:
            total = share
        else:
            total = tf.nest.map_structure(tf.add, total, share)
    if total is None:
        raise ValueError(f"`parts` must be >= 1. Received: parts={parts}")
    return total
