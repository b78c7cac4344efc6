"""One score of a video from the probabilities of its faces.

A track is one face through a video. Which aggregation tells fakes from reals best
depends on the model, so the calibration chooses it on validation. All of them stay
between the lowest and the highest probability and do not grow with the number of
frames alone. That is why the highest frame is not among them: the longer a video, the
higher it is, also for a real one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit

DEFAULT = "mean"
# Probabilities are float32, in which nothing lies between 1 − ε/2 and 1: no logit is
# known beyond this, and one frame cannot outweigh all others.
_EPSILON = float(np.finfo(np.float32).eps)


def _logit_mean(probabilities: np.ndarray) -> float:
    """sigmoid of the mean logit: sure frames count more than in the mean."""
    p = np.clip(probabilities, _EPSILON, 1.0 - _EPSILON)
    mean = float(expit(np.mean(np.log(p) - np.log1p(-p))))
    # Rounding and clipping may lead out of the range by a few ε.
    return min(max(mean, float(probabilities.min())), float(probabilities.max()))


def _highest_quarter(probabilities: np.ndarray) -> float:
    """Mean of the highest quarter, rounded up: for a video faked in a part only."""
    count = math.ceil(len(probabilities) / 4)
    return float(np.mean(np.sort(probabilities)[-count:]))


# Name → function of float64 [N], N >= 1, in 0..1. Of equally good ones the first is
# chosen.
AGGREGATIONS: dict[str, Callable[[np.ndarray], float]] = {
    # Mean of the frames, as in the paper's tables by video.
    DEFAULT: lambda probabilities: float(np.mean(probabilities)),
    # Spares a video a few frames that are wrong, whatever they say.
    "median": lambda probabilities: float(np.median(probabilities)),
    "logit_mean": _logit_mean,
    "highest_quarter": _highest_quarter,
}
_WORDS = {
    DEFAULT: "mean of the frames",
    "median": "median of the frames",
    "logit_mean": "mean of the frames' logits",
    "highest_quarter": "mean of the highest quarter of the frames",
}


def aggregate(name: str, probabilities: np.ndarray) -> float:
    """The score of one track.

    Args:
        name: of `AGGREGATIONS`.
        probabilities: float [N] in 0..1, a frame each; N >= 1.

    Returns:
        0..1.

    Raises:
        ValueError: the name is not known, or there are no frames.
    """
    check_aggregation(name)
    values = np.asarray(probabilities, np.float64).reshape(-1)
    if not len(values):
        raise ValueError("`probabilities` must not be empty. Received: no frames")
    return AGGREGATIONS[name](values)


def check_aggregation(name: str) -> str:
    """The name itself.

    Raises:
        ValueError: it is not one of `AGGREGATIONS`.
    """
    if name not in AGGREGATIONS:
        raise ValueError(
            f"`aggregation` must be one of {', '.join(AGGREGATIONS)}. Received: {name}"
        )
    return name


def aggregation_words(name: str) -> str:
    """What an aggregation is, for people: `mean of the frames`."""
    return _WORDS[check_aggregation(name)]
