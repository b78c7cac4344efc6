"""Noise residual of a picture: the noise-level telltale (Eq. 4, Eq. 5)."""

from fakeloc_tf.noise.residual import (
    NOISE_SCALE,
    gray_magnitude,
    noise_residual,
    noise_uint8,
)

__all__ = ["NOISE_SCALE", "gray_magnitude", "noise_residual", "noise_uint8"]
