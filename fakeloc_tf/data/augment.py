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
    mirrored = tf.random.stateless_uniform([], tf.cast(seed, tf.int32)) < 0.5
    flipped = {
        name: tf.where(mirrored, tf.image.flip_left_right(face[name]), face[name])
        for name in MAPS
    }
    return face | flipped
