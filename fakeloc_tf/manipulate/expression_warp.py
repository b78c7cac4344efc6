"""`Face2Face`: the own face with another expression, warped by its landmarks.

Mouth, smile and brows move along a thin-plate spline; the region that moves is
re-rendered (resampled, as a face model's texture is) and blended in softly.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.manipulation import Manipulation, blend

_CORNERS = [48, 54]
_UPPER_LIP = [49, 50, 51, 52, 53, 61, 62, 63]
_LOWER_LIP = [55, 56, 57, 58, 59, 65, 66, 67]
_CHIN = [6, 7, 8, 9, 10]
# Gap between the inner lips, as a share of the way from mouth to eyes.
_CLOSED = 0.08


def expression_warp(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    rng: np.random.Generator,
    strength: float = 1.0,
) -> Manipulation:
    """Moves mouth, cheeks and sometimes brows; renders what moved anew.

    Args:
        image_uint8: uint8 [H, W, 3], RGB, pristine.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
        strength: >= 0, factor on the movement.
    """
    window, points, pristine = geometry.cut_face(image_uint8, landmarks)
    moved = _express(points, rng, strength)
    anchors = _ring(points)
    field = geometry.warp_field(
        np.vstack([points, anchors]), np.vstack([moved, anchors]), *pristine.shape[:2]
    )
    alpha = _moved_region(field, points, rng)
    # Half a pixel beside the grid: resampling is then felt wherever is blended.
    altered = geometry.remap(_render(pristine, rng), field + np.float32(0.5))
    return blend(image_uint8, window, altered, alpha)


def _express(
    points: np.ndarray, rng: np.random.Generator, strength: float
) -> np.ndarray:
    """float32 [68, 2]: the landmarks under another expression."""
    up = geometry.upward(points)
    across = np.array([up[1], -up[0]], np.float32)
    across *= np.sign(across @ (points[54] - points[48])) or 1.0
    moved = points.copy()
    smile = strength * rng.choice([-0.6, 1, 1]) * rng.uniform(0.06, 0.13)
    widen = strength * rng.uniform(-0.05, 0.09)
    for corner, side in zip(_CORNERS, (-1, 1), strict=True):
        moved[corner] += smile * up + side * widen * across
    drop = strength * rng.uniform(0.05, 0.12)
    # Closed lips stay closed: pulled apart, the line between them would smear.
    gap = np.linalg.norm(points[62] - points[66]) / np.linalg.norm(up)
    follow = 0.8 if gap < _CLOSED else 0.0
    moved[_LOWER_LIP] -= drop * up
    moved[_UPPER_LIP] += (strength * rng.uniform(-0.03, 0.05) - follow * drop) * up
    moved[_CHIN] -= 0.5 * drop * up
    if rng.random() < 0.5:
        moved[geometry.BROWS] += strength * rng.uniform(-0.08, 0.12) * up
    return moved


def _ring(points: np.ndarray) -> np.ndarray:
    """float32 [N, 2]: fixed points around the face that hold the background still."""
    hull = cv2.convexHull(points)[:, 0]
    center = points.mean(0)
    return np.vstack([center + f * (hull - center) for f in (1.18, 1.45)])


def _moved_region(
    field: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """float32 [h, w]: the part of the face around all that moves, soft.

    Its convex hull, as an expression transfer renders whole parts of a face: mouth
    and cheeks, or everything from the brows to the chin.
    """
    scale = geometry.face_scale(points)
    height, width = field.shape[:2]
    face = geometry.polygon(points, height, width)
    distance = np.hypot(field[..., 0], field[..., 1])
    rows, columns = np.nonzero((distance > 0.01 * scale) * face)
    region = geometry.polygon(np.stack([columns, rows], -1), height, width)
    return geometry.soften(region * face, rng.uniform(0.02, 0.05) * scale)


def _render(pristine: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The face as a texture of somewhat fewer pixels; float32 [h, w, 3]."""
    factor = rng.uniform(0.55, 0.75)
    small = cv2.resize(
        pristine, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, pristine.shape[1::-1], interpolation=cv2.INTER_LINEAR)
