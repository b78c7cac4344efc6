"""`Deepfakes`: a self-blended face (Shiohara & Yamasaki, CVPR 2022).

The face is pasted onto itself after the changes that an identity swap leaves behind:
another resolution, other colours, a small misfit, a soft and deformed outline.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import shift_colour
from fakeloc_tf.manipulate.manipulation import Manipulation, blend

# Which part is swapped, and how often: the masks of a method should not be one shape.
_REGIONS = ("face", "no_forehead", "lower_face", "upper_face")
_REGION_SHARES = (0.4, 0.3, 0.15, 0.15)


def self_blend(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    rng: np.random.Generator,
    strength: float = 1.0,
) -> Manipulation:
    """Blends a changed copy of the face into the face.

    Args:
        image_uint8: uint8 [H, W, 3], RGB, pristine.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
        strength: >= 0, factor on colour change and misfit.
    """
    window, points, pristine = geometry.cut_face(image_uint8, landmarks)
    alpha = _soft_region(points, rng, *pristine.shape[:2])
    scale = geometry.face_scale(points)
    source = _change_frequencies(pristine, scale, rng)
    source = shift_colour(source, rng, 0.09 * strength)
    misfit = strength * rng.uniform(-0.025, 0.025, 2) * scale
    factor = 1.0 + strength * rng.uniform(-0.05, 0.05)
    source = geometry.similarity(source, points.mean(0), factor, misfit)
    ratio = rng.choice([0.75, 0.9, 1.0])
    return blend(image_uint8, window, source, alpha * ratio)


def _soft_region(
    points: np.ndarray, rng: np.random.Generator, height: int, width: int
) -> np.ndarray:
    """float32 [H, W]: a part of the face, elastically deformed, with a soft edge."""
    scale = geometry.face_scale(points)
    kind = rng.choice(_REGIONS, p=_REGION_SHARES)
    forehead = rng.uniform(0.15, 0.45) * geometry.upward(points)
    parts = {
        "face": np.vstack([points, points[geometry.BROWS] + forehead]),
        "no_forehead": points,
        "lower_face": np.vstack([points[2:15], points[30:36], points[geometry.LIPS]]),
        "upper_face": np.vstack(
            [points[[0, 1, 15, 16]], points[17:48], points[17:27] + 0.5 * forehead]
        ),
    }
    region = geometry.polygon(parts[kind], height, width)
    bend = geometry.smooth_field(rng, 6, height, width)
    region = geometry.remap(region, bend * rng.uniform(0.01, 0.03) * scale)
    return geometry.soften(region, rng.uniform(0.02, 0.06) * scale)


def _change_frequencies(
    pristine: np.ndarray, scale: float, rng: np.random.Generator
) -> np.ndarray:
    """The face as a generator of fewer pixels draws it, or oversharpened."""
    if rng.random() < 0.25:
        blurred = cv2.GaussianBlur(pristine, (0, 0), rng.uniform(1.0, 1.6))
        return pristine + rng.uniform(0.6, 1.1) * (pristine - blurred)
    # Early face swaps are drawn on 64 to 128 pixels.
    factor = min(1.0, rng.uniform(56, 84) / scale)
    small = cv2.resize(
        pristine, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, pristine.shape[1::-1], interpolation=cv2.INTER_CUBIC)
