"""Grad-CAM: which places of the feature maps speak for a score.

Selvaraju et al., ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf


def grad_cam(score: Callable[[tf.Tensor], tf.Tensor], maps: tf.Tensor) -> np.ndarray:
    """ReLU(Σ_k α_k·A_k), α_k = the mean over all places of ∂score/∂A_k.

    Args:
        score: float32 [B, h, w, C] → [B, 1]; a row depends on its own maps alone.
        maps: float32 [B, h, w, C], the features A.

    Returns:
        float32 [B, h, w], >= 0, in units of the score.
    """
    with tf.GradientTape() as tape:
        tape.watch(maps)
        # The gradient of the sum has every face's own gradient in its row.
        total = tf.reduce_sum(score(maps))
    gradient = tape.gradient(total, maps)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * maps, axis=-1)).numpy()
