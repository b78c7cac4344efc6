"""One validation batch: a row of numbers a face, gathered from all replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf import losses, metrics
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.models import fusion
from fakeloc_tf.models.backbones import TAPS


def make_eval_step(
    model: keras.Model,
    strategy: tf.distribute.Strategy,
    weights: LossWeights,
    gamma: tuple[float, float, float],
) -> Callable[[Any], dict[str, np.ndarray]]:
    """Builds the function that measures one distributed batch of validation faces.

    Args:
        model: the one that is validated.
        weights: of Eq. 1.
        gamma: weights of Eq. 8.

    Returns:
        Function of one batch of `dataset.evaluation_batches` → float64 [n] each, of
        the faces of ALL replicas and workers: `index`, `target`, `mask_valid`, the
        terms of `losses.total_loss` (each face by itself: `semantic` is 0 without a
        usable mask, whatever the other faces have), `intersection` and `union` in
        pixels, `logit`, `probability`; as the model has them.
    """
    names: list[str] = []

    def replica_step(batch: tuple[Any, dict[str, tf.Tensor]]) -> tf.Tensor:
        images, targets = batch
        outputs = model(images, training=False)
        measured = _measure(outputs, targets, weights, gamma)
        names[:] = sorted(measured)
        # One tensor: gathering across machines is paid by the call.
        return tf.stack([tf.cast(measured[name], tf.float64) for name in names], -1)

    @tf.function(autograph=False, reduce_retracing=True)
    def run(batch: Any) -> tf.Tensor:
        return strategy.gather(strategy.run(replica_step, args=(batch,)), axis=0)

    def eval_step(batch: Any) -> dict[str, np.ndarray]:
        rows = run(batch).numpy()
        return {name: rows[:, column] for column, name in enumerate(names)}

    return eval_step


def _measure(
    outputs: dict[str, tf.Tensor],
    targets: dict[str, tf.Tensor],
    weights: LossWeights,
    gamma: tuple[float, float, float],
) -> dict[str, tf.Tensor]:
    """The numbers of one replica's faces, [b] each."""
    measured = losses.total_loss(outputs, targets, weights, valid_share=1.0)
    measured["loss"] = measured.pop("total")
    measured["index"] = targets["index"]
    measured["target"] = targets["label"][:, 0]
    measured["mask_valid"] = targets["mask_valid"]
    if "label" in outputs:
        # The logit too: the probability of a sure model rounds to 1.
        measured["logit"] = outputs["label"][:, 0]
        measured["probability"] = tf.sigmoid(outputs["label"])[:, 0]
    maps = semantic_maps(outputs)
    if maps:
        true = targets["mask"][..., 0] >= metrics.MASK_THRESHOLD
        fused = fusion.fuse_maps(maps, gamma, targets["mask"].shape[1])
        predicted = fused[..., 0] >= metrics.MASK_THRESHOLD
        for name, both in (
            ("intersection", predicted & true),
            ("union", predicted | true),
        ):
            measured[name] = tf.math.count_nonzero(both, axis=(1, 2))
    return measured


def semantic_maps(outputs: dict[str, Any]) -> dict[str, Any]:
    """Tap → logits of the semantic maps that there are."""
    return {
        tap: outputs[f"semantic_{tap}"] for tap in TAPS if f"semantic_{tap}" in outputs
    }
