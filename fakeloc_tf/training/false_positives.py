"""A threshold that calls no more than a wanted share of real faces manipulated."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binomtest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import FprThreshold

CONFIDENCE = 0.95
# 0.29 · 100 is 28.999…: products that should be whole numbers.
_ROUNDING = 1e-9


def fpr_threshold(
    labels: np.ndarray,
    probabilities: np.ndarray,
    videos: np.ndarray,
    wanted: float,
) -> FprThreshold:
    """The lowest threshold with at most the wanted false-positive rate.

    To be chosen on validation only. It lies half way between two neighbouring scores,
    of reals or fakes, so that it does not cling to one face. Where reals have equal
    scores, all of them are kept below it.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1, calibrated.
        videos: [N] names: a real video has one name for all of its faces.
        wanted: highest share of the reals, 0 < wanted < 1.

    Raises:
        FakelocError: fewer than 1/wanted reals, which cannot show such a rate; or too
            many reals have probability 1.
    """
    real = ~np.asarray(labels).astype(bool)
    scores = np.asarray(probabilities, np.float64)
    reals, count = np.sort(scores[real]), int(real.sum())
    allowed = math.floor(wanted * count + _ROUNDING)
    if allowed < 1:
        raise FakelocError(
            f"{count} real faces cannot show a false-positive rate of {wanted:g}: that "
            f"needs {math.ceil(1 / wanted - _ROUNDING)} of them; take more validation "
            "faces or a higher rate"
        )
    levels = np.unique(np.append(scores, 1.0))
    below = reals[max(count - allowed - 1, 0)]  # the first that must not be an alarm
    if below >= 1.0:
        raise FakelocError(
            f"more than {wanted:g} of {count} real faces have probability 1: no "
            "threshold keeps them apart; train longer or on more data"
        )
    threshold = float((below + levels[np.searchsorted(levels, below, "right")]) / 2)
    alarms = int((reals >= threshold).sum())
    of_videos = len(np.unique(np.asarray(videos)[real]))
    return FprThreshold(
        wanted=wanted,
        threshold=threshold,
        reached=alarms / count,
        interval_faces=_interval(alarms, count),
        interval_videos=_interval(round(alarms / count * of_videos), of_videos),
    )


def _interval(alarms: int, count: int) -> tuple[float, float]:
    """Clopper-Pearson interval of a rate."""
    found = binomtest(alarms, count).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)
