"""Noise residual of a picture: the noise-level telltale (Eq. 4, Eq. 5)."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pywt

NOISE_SCALE = 4.0
"""Grey levels of |W| times this are what a record stores in 8 bits."""

WAVELET = "db4"
LEVELS = 4
WINDOWS = (3, 5, 7, 9)
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
    planes = [
        _residual_plane(image_uint8[..., channel].astype(np.float32), sigma)
        for channel in range(3)
    ]
    return np.stack(planes, axis=-1)[:height, :width]


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


def _residual_plane(plane: np.ndarray, sigma: float) -> np.ndarray:
    """W of one colour plane, float32 [H, W] -> [H, W], or one more if a side is odd."""
    with warnings.catch_warnings():
        # Four levels also for a small picture: borders reach everywhere, no harm done.
        warnings.simplefilter("ignore", UserWarning)
        approximation, *details = pywt.wavedec2(
            plane, WAVELET, mode="symmetric", level=LEVELS
        )
    noise = [tuple(_noise_part(band, sigma) for band in level) for level in details]
    coefficients = [np.zeros_like(approximation), *noise]
    return pywt.waverec2(coefficients, WAVELET, mode="symmetric")


def _noise_part(band: np.ndarray, sigma: float) -> np.ndarray:
    """The share of one detail band that is noise: c·σ²/(v + σ²), the Wiener step.

    v is the least of four local estimates of the signal's variance, each
    max(mean(c²) − σ², 0) over a window with zeros beyond the border.
    """
    noise_variance = np.float32(sigma**2)
    power = band * band
    means = [
        cv2.boxFilter(power, cv2.CV_32F, (side, side), borderType=cv2.BORDER_CONSTANT)
        for side in WINDOWS
    ]
    # max(· − σ², 0) is monotonic, so it is applied once, to the least mean.
    variance = np.maximum(np.minimum.reduce(means) - noise_variance, 0)
    return band * (noise_variance / (variance + noise_variance))
