"""Area under the ROC curve of a map's pixels, from histograms of its values.

Histograms of many faces can be added, so that no map is kept, and cost one pass over
the pixels, without a sort.
"""

from __future__ import annotations

import numpy as np

BINS = 1024


def pixel_histogram(maps: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How often each value occurs, apart for pristine and for manipulated pixels.

    Args:
        maps: float [B, H, W] in 0..1, or [H, W], the same for all.
        true: bool [B, H, W].

    Returns:
        int64 [B, 2, BINS]; index 0 = pristine; bins are equally wide and ascending.
    """
    count = len(true)
    value = np.clip((maps * BINS).astype(np.int32), 0, BINS - 1)
    face = np.arange(count, dtype=np.int32)[:, None, None]
    place = value + BINS * (true + 2 * face)
    counts = np.bincount(place.reshape(-1), minlength=2 * BINS * count)
    return counts.reshape(count, 2, BINS)


def histogram_auc(counts: np.ndarray) -> np.ndarray:
    """Share of (manipulated, pristine) pairs of pixels that are in the right order.

    Args:
        counts: int [..., 2, BINS] of `pixel_histogram`, or sums of them.

    Returns:
        float64 [...] in 0..1. Pairs of one bin count half, so that it is off by at
        most `histogram_auc_error`. NaN where there are pixels of one kind only.
    """
    pristine, manipulated = _shares(counts)
    below = np.cumsum(pristine, -1) - pristine / 2
    return np.sum(below * manipulated, -1)


def histogram_auc_error(counts: np.ndarray) -> np.ndarray:
    """The most that `histogram_auc` may be off: half the share of pairs of one bin."""
    pristine, manipulated = _shares(counts)
    return np.sum(pristine * manipulated, -1) / 2


def _shares(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The histograms of both kinds, each of sum 1; NaN where it is empty."""
    counts = np.asarray(counts, np.float64)
    total = counts.sum(-1, keepdims=True)
    nothing = np.full_like(counts, np.nan)
    shares = np.divide(counts, total, out=nothing, where=total > 0)
    return shares[..., 0, :], shares[..., 1, :]
