"""Masks of fakes: from the pixels of a mask file to 0/255 in the frame."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fakeloc_tf.media.boxes import FaceBox

# Compression leaves dark smears around the drawn region of FF++'s mask videos.
FFPP_THRESHOLD = 25


def ffpp_mask(mask_rgb: np.ndarray) -> np.ndarray:
    """Binarises a frame of an FF++ mask video.

    The brightest channel above 25, opened 3×3, every outer contour filled: the four
    methods draw their masks in different colours, and some only in outline.

    Args:
        mask_rgb: uint8 [H, W, 3].

    Returns:
        uint8 [H, W], 0 or 255.
    """
    bright = (mask_rgb.max(axis=-1) > FFPP_THRESHOLD).astype(np.uint8) * 255
    opened = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(opened.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, (255,), cv2.FILLED)
    return filled


def plain_mask(mask_rgb: np.ndarray) -> np.ndarray:
    """Binarises a mask that is black and white already: 0/255, or 0/1.

    Args:
        mask_rgb: uint8 [H, W, 3].

    Returns:
        uint8 [H, W], 0 or 255.
    """
    brightest = mask_rgb.max(axis=-1)
    threshold = 127 if brightest.max() > 1 else 0
    return (brightest > threshold).astype(np.uint8) * 255


MASK_RULES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ffpp": ffpp_mask,
    "plain": plain_mask,
}


def overlap(mask_uint8: np.ndarray, face: FaceBox) -> int:
    """Mask pixels inside the face's box."""
    top, left = max(0, round(face.top)), max(0, round(face.left))
    inside = mask_uint8[
        top : max(top, round(face.bottom)), left : max(left, round(face.right))
    ]
    return int(np.count_nonzero(inside))


def components_on_face(mask_uint8: np.ndarray, face: FaceBox) -> np.ndarray:
    """Keeps the connected parts of a mask that overlap the face.

    All of them: a method may change eyes and mouth apart.

    Args:
        mask_uint8: uint8 [H, W], 0 or 255.
        face: box in the same frame.

    Returns:
        uint8 [H, W], 0 or 255.
    """
    count, labels = cv2.connectedComponents(mask_uint8)
    kept = [
        index
        for index in range(1, count)
        if overlap((labels == index).astype(np.uint8), face)
    ]
    return np.isin(labels, kept).astype(np.uint8) * 255


def same_aspect(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two (height, width) differ in scale only, to one part in a hundred."""
    return abs(a[0] * b[1] - a[1] * b[0]) <= 0.01 * a[0] * b[1]
