"""Masks of fakes that came without: what differs from the aligned original.

An estimate, not the authors' mask: soft edges and small changes below the noise of the
compression are lost. `dataset.json` says where it was used (`prepare.derive_masks`).
"""

from __future__ import annotations

import cv2
import numpy as np

# Grey levels: below it, differences are compression at c23.
LEAST_DIFFERENCE = 8.0
# A change stands out from the frame's noise by this many robust standard deviations.
DEVIATIONS = 5.0
_MAD_TO_SIGMA = 1.4826


def difference_mask(fake_uint8: np.ndarray, original_uint8: np.ndarray) -> np.ndarray:
    """Where two aligned frames differ by more than compression makes them differ.

    Args:
        fake_uint8: uint8 [H, W, 3].
        original_uint8: uint8 [H, W, 3], the same frame before the manipulation.

    Returns:
        uint8 [H, W], 0 or 255; holes closed, specks removed.
    """
    if fake_uint8.shape != original_uint8.shape:
        raise ValueError(
            "frames must have one shape. Received: "
            f"{fake_uint8.shape} and {original_uint8.shape}"
        )
    shorter = min(fake_uint8.shape[:2])
    difference = cv2.absdiff(fake_uint8, original_uint8).max(axis=-1)
    smooth = cv2.GaussianBlur(
        difference.astype(np.float32), (0, 0), max(1.0, shorter / 150)
    )
    # Most of a frame is untouched: its median is that of the noise.
    usual = np.median(smooth)
    spread = _MAD_TO_SIGMA * np.median(np.abs(smooth - usual))
    threshold = max(LEAST_DIFFERENCE, usual + DEVIATIONS * spread)
    changed = (smooth > threshold).astype(np.uint8) * 255
    side = max(3, shorter // 40)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, disk)
    return cv2.morphologyEx(closed, cv2.MORPH_OPEN, disk)


def convex_hull(mask_uint8: np.ndarray) -> np.ndarray:
    """The convex hull of a mask: what a blended region looks like in outline.

    Args:
        mask_uint8: uint8 [H, W], 0 or 255.

    Returns:
        uint8 [H, W], 0 or 255.
    """
    hull = np.zeros_like(mask_uint8)
    contours, _ = cv2.findContours(mask_uint8, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if contours:
        cv2.fillConvexPoly(hull, cv2.convexHull(np.vstack(contours)), (255,))
    return hull
