"""Light as in rooms and streets: portraits are made in bright, even light.

What happens here happens to the real face and to the fake one of a pair alike, so that
neither shade nor shine tells the two apart.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import (
    in_8_bits,
    shift_colour,
    side_light,
    tilt_light,
)
from fakeloc_tf.manipulate.source_changes import relief


def lit(
    image_uint8: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Under another light, to another camera's colours and gamma.

    Args:
        image_uint8: uint8 [H, W, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels.
        rng: source of every choice.

    Returns:
        Like `image_uint8`; most of the scenes are darker than portraits.
    """
    image = image_uint8.astype(np.float32)
    if rng.random() < 0.4:
        image = _relief(image, landmarks, rng)
    if rng.random() < 0.3:
        image = _shine(image, landmarks, rng)
    if rng.random() < 0.5:
        image = tilt_light(image, rng, rng.uniform(0.0, 0.35))
    image = shift_colour(image, rng, 0.3 * rng.random())
    if rng.random() < 0.5:
        image = _gamma(image, rng)
    if rng.random() < 0.45:
        image = side_light(image, rng)
    if rng.random() < 0.35:
        image = _patches(image, rng)
    if rng.random() < 0.7:
        exposure = np.exp(rng.uniform(-1.1, 0.1) + rng.normal(0.0, 0.08, 3))
        image = image * exposure.astype(np.float32)
    return in_8_bits(image)


def _gamma(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    power = np.float32(np.exp(rng.uniform(-0.5, 0.8)))
    return np.float32(255) * (np.clip(image, 0, 255) / np.float32(255)) ** power


def _relief(
    image: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Folds and highlights stronger, as in hard light, or weaker."""
    return relief(image, landmarks, rng, lambda: np.exp(rng.uniform(-0.3, 0.6)))


def _shine(
    image: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Bright spots near landmarks: on nose, brows and cheeks, and on glasses."""
    scale = geometry.face_scale(landmarks)
    height, width = image.shape[:2]
    spots = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        x, y = landmarks[rng.integers(len(landmarks))] + rng.normal(0, 0.08 * scale, 2)
        axes = np.maximum(1, np.rint(scale * rng.uniform(0.01, 0.1, 2))).astype(int)
        angle = rng.uniform(0, 180)
        center = (round(float(x)), round(float(y)))
        spot = np.zeros_like(spots)
        cv2.ellipse(spot, center, axes.tolist(), angle, 0, 360, (1.0,), -1)
        sigma = max(0.6, scale * np.exp(rng.uniform(np.log(0.004), np.log(0.06))))
        peak = np.float32(rng.uniform(20, 150))
        spots = np.maximum(spots, peak * cv2.GaussianBlur(spot, (0, 0), sigma))
    return image + spots[..., None]


def _patches(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light and shade without order, as under leaves, with a cast of their own."""
    height, width = image.shape[:2]
    field = geometry.smooth_field(rng, int(rng.integers(3, 8)), height, width)
    if rng.random() < 0.3:
        field = np.tanh(4 * field)
    strength = np.float32(rng.uniform(0.03, 0.25))
    light = np.exp(strength * field[..., :1])
    cast = np.float32(rng.uniform(0.0, 0.06)) * field[..., 1:]
    colour = np.concatenate([1 + cast, np.ones_like(cast), 1 - cast], -1)
    return image * light * colour
