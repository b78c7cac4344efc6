"""One batch: the training step and the evaluation step, the same on any strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf import losses
from fakeloc_tf.config import LossConfig

Batch = tuple[tf.Tensor, dict[str, tf.Tensor]]
Logs = dict[str, tf.Tensor]


def make_train_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    strategy: tf.distribute.Strategy,
    loss: LossConfig,
    weight_decay: float,
) -> Callable[[Any], Logs]:
    """Builds the function that trains on one global batch and returns its losses.

    Each replica's gradient is that of its examples' share of the global mean, so that
    the sum over replicas, which Keras' optimizer forms, is the gradient of the mean
    over the global batch whatever the number of replicas.

    Args:
        weight_decay: coupled, w of g + w·θ (§IV-B).

    Returns:
        Function of one (distributed) batch → scalar `loss` and its terms.
    """
    replicas = strategy.num_replicas_in_sync

    def replica_step(batch: Batch) -> Logs:
        images, targets = batch
        with tf.GradientTape() as tape:
            outputs = model(images, training=True)
            logs = _shares_of_global_mean(outputs, targets, loss)
        variables = model.trainable_variables
        gradients = tape.gradient(logs["loss"], variables)
        decayed = [
            # A parameter that no loss term reaches has no gradient, only decay.
            (0.0 if gradient is None else gradient) + weight_decay / replicas * variable
            for gradient, variable in zip(gradients, variables, strict=True)
        ]
        optimizer.apply(decayed, variables)
        return logs

    @tf.function(autograph=False, reduce_retracing=True)
    def train_step(batch: Any) -> Logs:
        logs = strategy.run(replica_step, args=(batch,))
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)
            for name, value in logs.items()
        }

    return train_step


def _shares_of_global_mean(
    outputs: dict[str, tf.Tensor], targets: dict[str, tf.Tensor], loss: LossConfig
) -> Logs:
    """This replica's share of the mean of `loss` and its terms over the global batch.

    L_b is averaged over the faces with a usable mask of the GLOBAL batch: their count
    crosses the replicas before the gradient is formed.
    """
    valid = targets["mask_valid"]
    context = tf.distribute.get_replica_context()
    local = tf.stack([tf.cast(tf.size(valid), valid.dtype), tf.reduce_sum(valid)])
    faces, masks = tf.unstack(context.all_reduce(tf.distribute.ReduceOp.SUM, local))
    terms = losses.total_loss(
        outputs,
        targets,
        noise_weight=loss.noise,
        mask_weight=loss.mask,
        valid_share=masks / faces,
    )
    del terms["mask_weight"]
    terms = {"loss": terms.pop("total"), **terms}
    return {name: tf.reduce_sum(term) / faces for name, term in terms.items()}


def make_eval_step(
    model: keras.Model, strategy: tf.distribute.Strategy
) -> Callable[[Any], dict[str, tf.Tensor]]:
    """Builds the function that runs the model on one distributed batch.

    Returns:
        Function of one batch → outputs and targets in one dict, of all replicas,
        in an order shared by all of them.
    """

    @tf.function(autograph=False, reduce_retracing=True)
    def run(batch: Any) -> Any:
        def replica_step(batch: Batch) -> dict[str, tf.Tensor]:
            images, targets = batch
            outputs = model(images, training=False)
            return {f"target_{k}": v for k, v in targets.items()} | outputs

        return strategy.run(replica_step, args=(batch,))

    def eval_step(batch: Any) -> dict[str, tf.Tensor]:
        return {
            name: tf.concat(strategy.experimental_local_results(value), axis=0)
            for name, value in run(batch).items()
        }

    return eval_step
