"""Localisation metrics of masks (Eq. 7, F1, PBCA, IINC), from pixels or their counts.

Every metric follows from how many pixels the true mask, the intersection and the union
have, which is why the rows of an evaluation keep no maps.
"""

from __future__ import annotations

import numpy as np

# Maps from here on are masks (Eq. 7), the true ones and the predicted ones.
MASK_THRESHOLD = 0.5


def iou(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Intersection over union of masks (Eq. 7).

    Args:
        predicted: bool [..., H, W], True = manipulated.
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1; 1 where both masks are empty.
    """
    return iou_of_areas(*areas(predicted, true))


def f1(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """F1 of the pixels of masks, the Dice coefficient: 2I / (M + P).

    Args:
        predicted: bool [..., H, W], True = manipulated.
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1; 1 where both masks are empty, as `iou`.
    """
    return f1_of_areas(*areas(predicted, true))


def pbca(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Pixel-wise binary classification accuracy: share of pixels that agree.

    Args:
        predicted: bool [..., H, W].
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1.
    """
    pixels = predicted.shape[-2] * predicted.shape[-1]
    return pbca_of_areas(*areas(predicted, true), pixels)


def iinc(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Inverse intersection non-containment (Dang et al., CVPR 2020); lower is better.

    With area fractions of the true mask M, the predicted one P, their intersection I
    and union U: 0 if M and P are empty, 1/(3 − U) if one is, and otherwise
    (2 − I/M − I/P)/(3 − U).

    Args:
        predicted: bool [..., H, W].
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1.
    """
    pixels = predicted.shape[-2] * predicted.shape[-1]
    true_area = _mask(true).sum((-2, -1))
    return iinc_of_areas(*areas(predicted, true), true_area, pixels)


def areas(predicted: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of intersection and union of masks [..., H, W], int64 [...]."""
    predicted, true = _mask(predicted), _mask(true)
    return (predicted & true).sum((-2, -1)), (predicted | true).sum((-2, -1))


def iou_of_areas(intersection: np.ndarray, union: np.ndarray) -> np.ndarray:
    """`iou` from pixel counts [...]; NaN where they are."""
    return _ratio(intersection, union)


def f1_of_areas(intersection: np.ndarray, union: np.ndarray) -> np.ndarray:
    """`f1` from pixel counts [...]: M + P = I + U."""
    return _ratio(2 * np.asarray(intersection), np.add(intersection, union))


def pbca_of_areas(
    intersection: np.ndarray, union: np.ndarray, pixels: np.ndarray | int
) -> np.ndarray:
    """`pbca` from pixel counts [...] and the pixels of a picture."""
    return 1.0 - np.subtract(union, intersection) / pixels


def iinc_of_areas(
    intersection: np.ndarray,
    union: np.ndarray,
    true: np.ndarray,
    pixels: np.ndarray | int,
) -> np.ndarray:
    """`iinc` from pixel counts [...], the true mask's too."""
    predicted = predicted_area(intersection, union, true)
    # With one mask empty its quotient counts 1: 2 − 0 − 1 is the 1 of 1/(3 − U); with
    # both empty 2 − 1 − 1 is 0.
    outside = 2.0 - _ratio(intersection, true) - _ratio(intersection, predicted)
    return outside / (3.0 - np.divide(union, pixels))


def predicted_area(
    intersection: np.ndarray, union: np.ndarray, true: np.ndarray
) -> np.ndarray:
    """Pixels of the predicted mask from the other three counts [...]."""
    return np.add(intersection, union) - true


def _mask(values: np.ndarray) -> np.ndarray:
    return np.asarray(values).astype(bool)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part/whole in float64; 1 where `whole` is 0 (and so `part` is), NaN for NaN."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.ones_like(whole), where=whole != 0)
