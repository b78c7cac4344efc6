"""Detection metrics of scores, by frame or by video, and the choice of a threshold."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import auc as area_under
from sklearn.metrics import average_precision_score, roc_curve


def detection_metrics(
    labels: np.ndarray,
    probabilities: np.ndarray,
    threshold: float = 0.5,
    *,
    level: str = "frame",
) -> dict[str, float]:
    """How well scores tell fakes from reals.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1.
        threshold: fakes are >= this; chosen on validation.
        level: what a row is, `frame` or `video`; the prefix of every name.

    Returns:
        `<level>_auc` (area under the ROC curve), `_accuracy` at the threshold, `_eer`
        (equal error rate, interpolated on the ROC curve), `_ap` (average precision),
        `_count`, `_fakes`, `_threshold`. NaN where one class is missing.
    """
    fake = _fakes(labels)
    scores = np.asarray(probabilities, np.float64).reshape(-1)
    if len(fake) != len(scores) or not np.isfinite(scores).all():
        raise ValueError(
            "`labels` and `probabilities` must be of one length and finite. "
            f"Received: {len(fake)} labels, {len(scores)} probabilities, "
            f"{int((~np.isfinite(scores)).sum())} of them not finite"
        )
    both = fake.any() and not fake.all()
    auc = eer = ap = np.nan
    if both:
        false_rate, true_rate, _ = roc_curve(fake, scores, drop_intermediate=False)
        auc = float(area_under(false_rate, true_rate))
        eer = equal_error_rate(false_rate, true_rate)
        ap = float(average_precision_score(fake, scores))
    values = {
        "auc": auc,
        "accuracy": float(np.mean((scores >= threshold) == fake))
        if len(fake)
        else np.nan,
        "eer": eer,
        "ap": ap,
        "count": len(fake),
        "fakes": int(fake.sum()),
        "threshold": threshold,
    }
    return {f"{level}_{name}": value for name, value in values.items()}


def equal_error_rate(false_rate: np.ndarray, true_rate: np.ndarray) -> float:
    """Where the ROC curve, joined by straight lines, has as many misses as alarms.

    Args:
        false_rate: float [N], ascending from 0 to 1: reals taken for fakes.
        true_rate: float [N], ascending from 0 to 1: fakes found.
    """
    # false_rate − miss_rate never falls along the curve, from −1 to 1.
    difference = false_rate - (1.0 - true_rate)
    after = int(np.argmax(difference >= 0))
    before = max(after - 1, 0)
    step = difference[after] - difference[before]
    part = -difference[before] / step if step > 0 else 0.0
    return float(false_rate[before] + part * (false_rate[after] - false_rate[before]))


def balanced_threshold(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The threshold with the best balanced accuracy; to be chosen on validation only.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1.

    Returns:
        Half way between two neighbouring scores, so that it does not cling to one face;
        of equally good ones the nearest to 0.5. 0.5 where one class is missing or all
        scores are the same.
    """
    fake = _fakes(labels)
    scores = np.asarray(probabilities, np.float64).reshape(-1)
    if not fake.any() or fake.all():
        return 0.5
    levels = np.unique(scores)
    if len(levels) == 1:
        return 0.5
    candidates = (levels[:-1] + levels[1:]) / 2
    found = 1.0 - np.searchsorted(np.sort(scores[fake]), candidates) / fake.sum()
    spared = np.searchsorted(np.sort(scores[~fake]), candidates) / (~fake).sum()
    accuracy = (found + spared) / 2
    best = candidates[accuracy >= accuracy.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - 0.5))])


def _fakes(labels: np.ndarray) -> np.ndarray:
    """bool [N]."""
    return np.asarray(labels).astype(bool).reshape(-1)
