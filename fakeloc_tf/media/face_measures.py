"""What can be measured of a face without landmarks: detail, symmetry, light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fakeloc_tf.media.boxes import FaceBox

# Detail is measured at this width, where the noise of a camera has averaged out.
DETAIL_SIDE = 128
# Measured on the demo portraits (tools/measure_quality.py): edges of a sharp face are
# this soft, in pixels at DETAIL_SIDE; shrinking a face to N pixels and growing it again
# adds RESIZING / N of its width, in squares.
SHARP_SIGMA = 0.9
RESIZING = 0.4
_BLUR_SIGMA = 1.0
_EDGE_PERCENT = 5.0

_SYMMETRY_SIDE = 64
_AXIS_SHIFTS = range(-8, 9, 2)


@dataclass(frozen=True)
class Light:
    """How bright a face is.

    Attributes:
        bright: grey level that 5 % of the pixels exceed, 0..255. The highlights of a
            dark skin in good light are bright too; its mean is not.
        burnt: share of the pixels at 250 and more, 0..1.
    """

    bright: float
    burnt: float


def face_grey(image_uint8: np.ndarray, face: FaceBox) -> np.ndarray | None:
    """The part of a face's box that lies in the picture, as grey levels.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        face: in pixels of the picture.

    Returns:
        uint8 [h, w]; None where fewer than 8 × 8 pixels are inside.
    """
    left, top, right, bottom = (
        max(0, round(edge)) for edge in (face.left, face.top, face.right, face.bottom)
    )
    part = image_uint8[top:bottom, left:right]
    if min(part.shape[:2]) < 8:
        return None
    return cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)


def detail_width(grey_uint8: np.ndarray) -> float:
    """Width in pixels of the smallest copy of a face that would hold its detail.

    A picture that was blurred, or grown from a small one, has more pixels than detail.
    The softness of its strongest edges tells: blurring them once more weakens a hard
    edge and hardly a soft one, and the ratio of the gradients gives the softness in
    pixels (Zhuo and Sim 2011, "Defocus map estimation from a single image"). Contrast
    cancels out of the ratio.

    Args:
        grey_uint8: uint8 [h, w], the face.

    Returns:
        At most w.
    """
    height, width = grey_uint8.shape
    scale = min(1.0, DETAIL_SIDE / max(height, width))
    size = (max(1, round(scale * width)), max(1, round(scale * height)))
    grey = cv2.resize(grey_uint8.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    before = _gradient(grey)
    after = _gradient(cv2.GaussianBlur(grey, (0, 0), _BLUR_SIGMA))
    edges = (before >= np.percentile(before, 100 - _EDGE_PERCENT)) & (after > 0)
    if not edges.any():
        return 0.0
    ratio = float(np.median(before[edges] / after[edges]))
    sigma = _BLUR_SIGMA / np.sqrt(max(ratio**2 - 1, 1e-6))
    excess = np.sqrt(max(sigma**2 - SHARP_SIGMA**2, 1e-6))
    return float(min(width, RESIZING * grey.shape[1] / excess))


def mirror_symmetry(grey_uint8: np.ndarray) -> float:
    """How alike a face's edges and their mirror image are.

    The axis may be up to an eighth of the width off the middle of the box.

    Args:
        grey_uint8: uint8 [h, w], the face.

    Returns:
        Correlation, -1..1; about 0.5 for a face that looks into the camera, -1 for one
        colour all over.
    """
    side = _SYMMETRY_SIDE
    grey = cv2.resize(
        grey_uint8.astype(np.float32), (side, side), interpolation=cv2.INTER_AREA
    )
    edges = np.log1p(_gradient(cv2.GaussianBlur(grey, (0, 0), 1.5)))
    best = -1.0
    for shift in _AXIS_SHIFTS:
        part = edges[:, max(0, shift) : side + min(0, shift)]
        if part.std() > 1e-3:
            mirrored = part[:, ::-1]
            best = max(best, float(np.corrcoef(part.ravel(), mirrored.ravel())[0, 1]))
    return best


def light(grey_uint8: np.ndarray) -> Light:
    """Of uint8 [h, w], the face."""
    return Light(
        bright=float(np.percentile(grey_uint8, 95)),
        burnt=float(np.mean(grey_uint8 >= 250)),
    )


def _gradient(grey: np.ndarray) -> np.ndarray:
    """Its magnitude, float32 [h, w]."""
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    return np.hypot(across, cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3))
