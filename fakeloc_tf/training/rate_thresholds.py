"""Thresholds that keep the errors among reals, or among fakes, at a wanted rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binomtest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import RateThreshold

CONFIDENCE = 0.95
# 0.29 · 100 is 28.999…: products that should be whole numbers.
_ROUNDING = 1e-9

Rate = Literal["fpr", "fnr"]
# Class of the errors, the rate's name, the score that no threshold can spare.
_SIDES: dict[Rate, tuple[str, str, int]] = {
    "fpr": ("real", "false-positive", 1),
    "fnr": ("fake", "false-negative", 0),
}


@dataclass(frozen=True)
class WantedRates:
    """The highest rates of errors that thresholds are looked for.

    Attributes:
        fpr: share of the reals that may be called manipulated; None = no threshold.
        fnr: share of the fakes that may be called real; None = no threshold.
        required: which of them must be shown; the others are left out, and said so,
            where there are too few faces.
    """

    fpr: float | None
    fnr: float | None
    required: Sequence[Rate] = ()


@dataclass(frozen=True)
class FoundRates:
    """The thresholds for `WantedRates`.

    Attributes:
        fpr: from here on manipulated; None = not wanted, or not to be shown.
        fnr: below it real, never above the other; None likewise.
        missing: why a wanted one is None, a text each.
    """

    fpr: RateThreshold | None
    fnr: RateThreshold | None
    missing: tuple[str, ...]


def rate_thresholds(
    labels: np.ndarray,
    scores: np.ndarray,
    videos: np.ndarray,
    wanted: WantedRates,
    manipulated: float,
    *,
    rows: str = "faces",
) -> FoundRates:
    """Both thresholds; between them the answer is "not sure".

    With well separated classes the threshold below which few fakes lie is above the one
    from which on few reals lie. It is then lowered to that one, and nothing is unsure.

    Args:
        labels: [N]; 1 = fake.
        scores: float [N] in 0..1.
        videos: [N] names.
        wanted: the rates.
        manipulated: what is called manipulated from here on if `fpr` is not found.
        rows: what a row is, for messages.

    Raises:
        FakelocError: a required rate cannot be shown.
    """
    found: dict[Rate, RateThreshold] = {}
    missing = []
    rates: tuple[tuple[Rate, float | None], ...] = (
        ("fpr", wanted.fpr),
        ("fnr", wanted.fnr),
    )
    for side, rate in rates:
        if rate is None:
            continue
        upper = found["fpr"].threshold if "fpr" in found else manipulated
        try:
            found[side] = rate_threshold(
                labels,
                scores,
                videos,
                rate,
                side,
                rows=rows,
                at_most=upper if side == "fnr" else 1.0,
            )
        except FakelocError as error:
            if side in wanted.required:
                raise
            missing.append(str(error))
    return FoundRates(found.get("fpr"), found.get("fnr"), tuple(missing))


def rate_threshold(
    labels: np.ndarray,
    scores: np.ndarray,
    videos: np.ndarray,
    wanted: float,
    side: Rate,
    *,
    at_most: float = 1.0,
    rows: str = "faces",
) -> RateThreshold:
    """The threshold that calls most scores, with at most the wanted rate of errors.

    For `fpr` the lowest one with few reals from it on; for `fnr` the highest one with
    few fakes below it. To be chosen on validation only. It lies half way between two
    neighbouring scores, of reals or fakes, so that it does not cling to one face. Where
    scores are equal, all of them are kept on the right side.

    Args:
        labels: [N]; 1 = fake.
        scores: float [N] in 0..1, calibrated probabilities or scores of videos.
        videos: [N] names: a video has one name for all of its faces.
        wanted: highest share of errors, 0 < wanted < 1.
        side: which threshold.
        at_most: a higher threshold is lowered to this; `reached` is of what it then is.
        rows: what a row is, for messages.

    Raises:
        FakelocError: fewer than 1/wanted rows of the class, which cannot show such a
            rate; or too many of them have the score that no threshold can spare.
    """
    kind, name, worst = _SIDES[side]
    mine = np.asarray(labels).astype(bool) == (side == "fnr")
    scores = np.asarray(scores, np.float64)
    count = int(mine.sum())
    allowed = math.floor(wanted * count + _ROUNDING)
    if allowed < 1:
        raise FakelocError(
            f"{count} {kind} {rows} cannot show a {name} rate of {wanted:g}: that "
            f"needs {math.ceil(1 / wanted - _ROUNDING)} of them; take more validation "
            f"{rows} or a higher rate"
        )
    # Turned around, the fakes' lowest scores are what the reals' highest are.
    sign = 1.0 if side == "fpr" else -1.0
    threshold = _least(sign * scores[mine], sign * scores, sign * worst, allowed)
    if threshold is None:
        raise FakelocError(
            f"more than {wanted:g} of {count} {kind} {rows} have probability {worst}: "
            "no threshold keeps them apart; train longer or on more data"
        )
    threshold = min(sign * threshold, at_most)
    wrong = scores[mine] >= threshold if side == "fpr" else scores[mine] < threshold
    errors = int(wrong.sum())
    of_videos = len(np.unique(np.asarray(videos)[mine]))
    return RateThreshold(
        wanted=wanted,
        threshold=threshold,
        reached=errors / count,
        interval_faces=_interval(errors, count),
        interval_videos=_interval(round(errors / count * of_videos), of_videos),
    )


def _least(
    mine: np.ndarray, everyone: np.ndarray, worst: float, allowed: int
) -> float | None:
    """The least threshold with at most `allowed` of `mine` from it on; None = none."""
    levels = np.unique(np.append(everyone, worst))
    below = np.sort(mine)[max(len(mine) - allowed - 1, 0)]  # must not be an error
    if below >= worst:
        return None
    return float((below + levels[np.searchsorted(levels, below, "right")]) / 2)


def _interval(errors: int, count: int) -> tuple[float, float]:
    """Clopper-Pearson interval of a rate."""
    found = binomtest(errors, count).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)
