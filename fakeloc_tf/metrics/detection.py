"""Detection metrics of scores, by frame or by video, and the choice of a threshold."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.metrics.ranking import rank_metrics


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
        `<level>_auc`, `_eer`, `_ap` and `_tpr_at_fpr_<rate>` of `rank_metrics`,
        `_accuracy` at the threshold, `_count`, `_fakes`, `_threshold`. NaN where one
        class is missing.

    Raises:
        ValueError: lengths differ, or a probability is not finite.
    """
    fake = _fakes(labels)
    scores = np.asarray(probabilities, np.float64).reshape(-1)
    ranks = rank_metrics(fake, scores)
    values = {name: float(value[0]) for name, value in ranks.items()} | {
        "accuracy": float(np.mean((scores >= threshold) == fake))
        if len(fake)
        else np.nan,
        "count": len(fake),
        "fakes": int(fake.sum()),
        "threshold": threshold,
    }
    return {f"{level}_{name}": value for name, value in values.items()}


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
