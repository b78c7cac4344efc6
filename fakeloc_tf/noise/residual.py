"""From a picture to its noise residual, and to the form that records store."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.noise.wavelet_filter import noise_plane

NOISE_SCALE = 4.0
"""Grey levels of |W| times this are what a record stores in 8 bits."""

# ITU-R BT.601 luma, on the residual instead of the picture: the filter runs per colour.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def noise_residual(image_uint8: np.ndarray, sigma: float = 5.0) -> np.ndarray:
    """What the denoiser takes away: W = F − f(F) (Eq. 5), f by Mihçak et al. (Eq. 4).

    The residual is linear in the wavelet coefficients, so it is rebuilt from the part
    of every detail band that the Wiener step calls noise, with an empty approximation.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        sigma: standard deviation of the noise in grey levels, > 0.

    Returns:
        float32 [H, W, 3], signed, in grey levels.
    """
    if image_uint8.ndim != 3 or image_uint8.shape[2] != 3:
        raise ValueError(
            f"`image_uint8` must be [H, W, 3]. Received: {image_uint8.shape}"
        )
    if not sigma > 0:
        raise ValueError(f"`sigma` must be > 0. Received: sigma={sigma}")
    height, width = image_uint8.shape[:2]
    residual = np.empty((height, width, 3), np.float32)
    variance = np.float32(sigma**2)
    for channel in range(3):
        # A constant has no noise; around 0 float32 is finer than around 128.
        plane = image_uint8[..., channel].astype(np.float32) - np.float32(128)
        residual[..., channel] = noise_plane(plane, variance)[:height, :width]
    return residual


def gray_magnitude(residual: np.ndarray) -> np.ndarray:
    """|W| of the luma-weighted residual: the target of the noise heads (Eq. 6).

    Note: the paper does not say which sign or scale. Signed noise vanishes when it is
    averaged down to the size of the deep map, its magnitude does not.

    Args:
        residual: float32 [H, W, 3] of `noise_residual`.

    Returns:
        float32 [H, W], >= 0, in grey levels.
    """
    return np.abs(residual.astype(np.float32) @ _LUMA)


def noise_uint8(image_uint8: np.ndarray, sigma: float) -> np.ndarray:
    """The stored form, round(4·|W|): steps of a quarter grey level, clipped at 63.75.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        sigma: standard deviation of the noise in grey levels, > 0.

    Returns:
        uint8 [H, W].
    """
    magnitude = gray_magnitude(noise_residual(image_uint8, sigma))
    return np.clip(np.rint(NOISE_SCALE * magnitude), 0, 255).astype(np.uint8)
