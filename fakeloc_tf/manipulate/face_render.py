"""`FaceSwap`: the face's polygon rendered anew from the own face.

As the graphics-based swap does: a fitted, smoothed texture under another light,
pasted with the hard, angular outline of a few landmarks.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import shift_colour, tilt_light
from fakeloc_tf.manipulate.manipulation import Manipulation, blend


def face_render(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    rng: np.random.Generator,
    strength: float = 1.0,
) -> Manipulation:
    """Pastes a smoothed, misfitted, differently lit copy of the face onto itself.

    Args:
        image_uint8: uint8 [H, W, 3], RGB, pristine.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
        strength: >= 0, factor on the change of light and the misfit.
    """
    window, points, pristine = geometry.cut_face(image_uint8, landmarks)
    scale = geometry.face_scale(points)
    alpha = _outline(points, rng, *pristine.shape[:2])
    texture = _smooth_texture(image_uint8[window], rng)
    misfit = geometry.smooth_field(rng, 4, *pristine.shape[:2])
    rendered = geometry.remap(texture, misfit * np.float32(0.018 * scale * strength))
    rendered = shift_colour(rendered, rng, 0.11 * strength)
    rendered = tilt_light(rendered, rng, strength * rng.uniform(0.04, 0.12))
    return blend(image_uint8, window, rendered, alpha)


def _outline(
    points: np.ndarray, rng: np.random.Generator, height: int, width: int
) -> np.ndarray:
    """float32 [H, W]: polygon of every other jaw point and the brows, narrow edge."""
    scale = geometry.face_scale(points)
    jaw = points[geometry.JAW][int(rng.integers(2)) :: 2]
    # Inside the jaw line: a polygon on it would paste background along the cheeks.
    center = points[geometry.NOSE].mean(0)
    jaw = center + rng.uniform(0.85, 0.98) * (jaw - center)
    brows = points[geometry.BROWS] + rng.uniform(0.0, 0.3) * geometry.upward(points)
    corners = np.vstack([jaw, brows])
    corners = corners + rng.standard_normal(corners.shape) * 0.012 * scale
    return geometry.soften(geometry.polygon(corners, height, width), 1.0)


def _smooth_texture(face_uint8: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The face without its fine grain, edges kept; float32 [h, w, 3]."""
    spread = rng.uniform(16, 28)
    return cv2.bilateralFilter(face_uint8, 7, spread, 3.0).astype(np.float32)
