"""From a scene to a crop of a compressed video: blur, size, noise, codec.

The real and the fake face of a pair go through the same chain with the same draws:
nothing that a camera or a codec does may tell the classes apart.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import in_8_bits, shift_colour
from fakeloc_tf.media.one_frame import jpeg_frame, quick_h264_frame

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def recorded(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The pristine video that a forger starts from: a good camera, lightly compressed.

    image_uint8: uint8 [S, S, 3] RGB; the result is like it.
    """
    if rng.random() < 0.25:
        image_uint8 = _noisy(image_uint8, rng)
    if rng.random() < 0.2:
        image_uint8 = _denoised(image_uint8, rng)
    if rng.random() < 0.08:
        image_uint8 = blurred(image_uint8, rng)
    chance = rng.random()
    if chance < 0.25:
        return jpeg_frame(image_uint8, int(rng.integers(60, 96)))
    if chance < 0.6:
        return quick_h264_frame(image_uint8, int(rng.integers(15, 29)))
    return image_uint8


def published(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What the viewer gets: edited, scaled, compressed again.

    image_uint8: uint8 [S, S, 3] RGB; the result is like it.
    """
    if rng.random() < 0.15:
        return image_uint8
    changes: list[tuple[float, Change]] = [
        (0.35, _graded),
        (0.1, blurred),
        (0.2, _rescaled),
        (0.2, _noisy),
        (0.1, _denoised),
    ]
    for number in rng.permutation(len(changes)):
        share, change = changes[number]
        if rng.random() < share:
            image_uint8 = change(image_uint8, rng)
    chance = rng.random()
    if chance < 0.4:
        image_uint8 = jpeg_frame(image_uint8, int(rng.integers(30, 101)))
    elif chance < 0.8:
        image_uint8 = quick_h264_frame(image_uint8, int(rng.integers(18, 41)))
    if rng.random() < 0.2:
        image_uint8 = jpeg_frame(image_uint8, int(rng.integers(50, 101)))
    return image_uint8


def _graded(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other colours, contrast and gamma; sometimes grey."""
    image = shift_colour(image_uint8.astype(np.float32), rng, 0.2)
    if rng.random() < 0.1:
        image[:] = image.mean(-1, keepdims=True)
    return in_8_bits(image)


def blurred(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Out of focus, or moved; uint8 [H, W, 3]."""
    side = image_uint8.shape[0]
    if rng.random() < 0.6:
        sigma = side * np.exp(rng.uniform(np.log(0.0015), np.log(0.012)))
        return cv2.GaussianBlur(image_uint8, (0, 0), sigma)
    length = max(3, round(side * rng.uniform(0.01, 0.05)))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    middle = ((length - 1) / 2,) * 2
    turn = cv2.getRotationMatrix2D(middle, rng.uniform(0, 180), 1.0)
    turned = cv2.warpAffine(kernel, turn, (length, length))
    return cv2.filter2D(
        image_uint8, -1, turned / turned.sum(), borderType=cv2.BORDER_REFLECT_101
    )


def _denoised(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """As a telephone's camera smooths skin and keeps edges, and sharpens them."""
    if rng.random() < 0.3:
        image_uint8 = cv2.medianBlur(image_uint8, 3)
    else:
        size, spread = int(rng.choice([5, 7])), rng.uniform(10, 45)
        image_uint8 = cv2.bilateralFilter(image_uint8, size, spread, 3.0)
    if rng.random() < 0.5:
        smooth = cv2.GaussianBlur(image_uint8, (0, 0), rng.uniform(0.8, 2.0))
        weight = rng.uniform(0.2, 1.2)
        image_uint8 = cv2.addWeighted(image_uint8, 1 + weight, smooth, -weight, 0)
    return image_uint8


def _rescaled(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smaller and back."""
    return geometry.fewer_pixels(image_uint8, rng.uniform(0.3, 0.95), rng)


def _noisy(image_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Of a sensor: more where it is light, some of it grey, sometimes coarse."""
    height, width = image_uint8.shape[:2]
    sigma = np.exp(rng.uniform(np.log(1.0), np.log(12.0)))
    # Coarse noise is what is left of it after a codec.
    factor = rng.choice([1.0, 1.0, 0.6, 0.25])
    size = (round(height * factor), round(width * factor))
    noise: np.ndarray = rng.standard_normal((*size, 3), np.float32)
    if rng.random() < 0.5:
        noise = np.repeat(noise[..., :1], 3, -1)
    if factor < 1:
        noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    image = image_uint8.astype(np.float32)
    if rng.random() < 0.5:
        noise *= np.sqrt(np.maximum(image, 8.0) / 128.0)
    return in_8_bits(image + np.float32(sigma) * noise)
