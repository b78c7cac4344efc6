"""`NeuralTextures`: the mouth's texture synthesised anew.

A learnt texture reproduces what many frames share and drops the rest. Here the mouth
is rebuilt from the few strongest principal components of its own patches, a little
out of place, and blended into a small region.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.manipulation import Manipulation, blend

_PATCH = 6


def mouth_texture(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    rng: np.random.Generator,
    strength: float = 1.0,
) -> Manipulation:
    """Re-synthesises mouth and surroundings from a low-rank model of their patches.

    Args:
        image_uint8: uint8 [H, W, 3], RGB, pristine.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
        strength: >= 0, factor on the movement of the mouth.
    """
    height, width = image_uint8.shape[:2]
    region = _region(landmarks, rng)
    # Room for whole patches around the region.
    window = _around(region, height, width, border=2 * _PATCH)
    points = geometry.in_window(landmarks, window)
    corners = geometry.in_window(region, window)
    pristine = image_uint8[window].astype(np.float32)
    scale = geometry.face_scale(points)
    alpha = geometry.polygon(corners, *pristine.shape[:2])
    alpha = geometry.soften(alpha, rng.uniform(0.02, 0.04) * scale)
    field = geometry.smooth_field(rng, 4, *pristine.shape[:2])
    moved = geometry.remap(
        pristine, field * np.float32(strength * rng.uniform(0.01, 0.02) * scale)
    )
    return blend(image_uint8, window, low_rank(moved, int(rng.integers(6, 11))), alpha)


def low_rank(image: np.ndarray, components: int) -> np.ndarray:
    """Rebuilds a picture from the principal components of its overlapping patches.

    Args:
        image: float32 [h, w, 3] in 0..255.
        components: how many of the 6·6·3 components are kept.

    Returns:
        float32 [h, w, 3], the mean of the patches that overlap each pixel.
    """
    height, width = image.shape[:2]
    stride = _PATCH // 2
    # The last patches are shifted inwards, so that every pixel is covered.
    tops = sorted({*range(0, height - _PATCH, stride), height - _PATCH})
    lefts = sorted({*range(0, width - _PATCH, stride), width - _PATCH})
    view = sliding_window_view(image, (_PATCH, _PATCH), axis=(0, 1))  # type: ignore[call-overload]
    patches = view[np.ix_(tops, lefts)].reshape(len(tops) * len(lefts), -1)
    mean = patches.mean(0)
    centered = (patches - mean).astype(np.float64)
    _, axes = np.linalg.eigh(centered.T @ centered)
    kept = axes[:, -components:]
    rebuilt = (centered @ kept @ kept.T + mean).astype(np.float32)
    rebuilt = rebuilt.reshape(len(tops), len(lefts), 3, _PATCH, _PATCH)
    total, count = np.zeros_like(image), np.zeros((height, width, 1), np.float32)
    for row, column in np.ndindex(_PATCH, _PATCH):
        places = np.ix_(np.add(tops, row), np.add(lefts, column))
        total[places] += rebuilt[..., row, column]
        count[places] += 1
    return total / count


def _region(landmarks: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float32 [N, 2]: the mouth with some of its surroundings, inside the face."""
    lips = landmarks[geometry.LIPS]
    center = lips.mean(0)
    grown = center + (lips - center) * rng.uniform([1.3, 1.7], [1.7, 2.4])
    # Thin closed lips alone would leave a sliver.
    half = rng.uniform(0.2, 0.27) * geometry.upward(landmarks)
    grown = np.vstack([grown, center + half, center - half])
    if rng.random() < 0.4:
        chin = landmarks[6:11]
        grown = np.vstack([grown, center + rng.uniform(0.6, 0.85) * (chin - center)])
    return grown.astype(np.float32)


def _around(
    points: np.ndarray, height: int, width: int, border: int
) -> tuple[slice, slice]:
    """Rows and columns of the points' bounding box with a border."""
    left, top = np.maximum(np.floor(points.min(0)) - border, 0).astype(int)
    right, bottom = np.ceil(points.max(0)).astype(int) + border
    return slice(top, min(bottom, height)), slice(left, min(right, width))
