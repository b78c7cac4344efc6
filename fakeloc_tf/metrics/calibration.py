"""Does a probability of 0.9 mean nine fakes in ten? Measures of calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

# As many as Guo et al. (ICML 2017) take.
BINS = 15
# Probabilities are float32, in which nothing lies between 1 − ε/2 and 1.
_EPSILON = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class ReliabilityBins:
    """Faces by their probability, in bins of equal width; float64 [bins] each.

    Attributes:
        edges: [bins + 1], from 0 to 1. A bin holds its upper edge, not its lower one,
            but for the first, which holds both.
        counts: faces in the bin.
        probability: their mean probability; NaN in an empty bin.
        fake_share: share of fakes among them; NaN in an empty bin.
    """

    edges: np.ndarray
    counts: np.ndarray
    probability: np.ndarray
    fake_share: np.ndarray


def reliability_bins(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> ReliabilityBins:
    """Sorts faces into bins by their probability of being fake.

    Note: the probability of *fake* runs over the whole of 0..1, as in scikit-learn's
    `calibration_curve`. Guo et al. bin the confidence in the more probable class,
    0.5..1 with two classes, which hides errors that differ between reals and fakes.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1.
        bins: their number.
    """
    fake, p = _checked(labels, probabilities)
    edges = np.linspace(0.0, 1.0, bins + 1)
    index = np.searchsorted(edges[1:-1], p)
    counts = np.bincount(index, minlength=bins).astype(np.float64)
    with np.errstate(invalid="ignore"):  # 0/0: an empty bin has no mean
        return ReliabilityBins(
            edges,
            counts,
            np.bincount(index, p, bins) / counts,
            np.bincount(index, fake, bins) / counts,
        )


def expected_calibration_error(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS
) -> float:
    """ECE: Σ over the bins of (faces in it / N) · |share of fakes − mean probability|.

    Bins and their convention are those of `reliability_bins`. The estimate is never
    negative, and so above 0 for a perfect model too: the more bins and the fewer faces,
    the more.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1.
        bins: their number.

    Returns:
        0..1; NaN without faces.
    """
    found = reliability_bins(labels, probabilities, bins)
    filled = found.counts > 0
    if not filled.any():
        return float("nan")
    gap = np.abs(found.fake_share - found.probability)[filled]
    return float(np.average(gap, weights=found.counts[filled]))


def brier_score(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Brier score: mean of (probability − label)², 0..1; NaN without faces."""
    fake, p = _checked(labels, probabilities)
    return float(np.mean((p - fake) ** 2)) if len(p) else float("nan")


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """NLL: mean negative log-likelihood in nats; NaN without faces.

    Probabilities are clipped by float32's ε at both ends, as scikit-learn does.
    """
    fake, p = _checked(labels, probabilities)
    p = np.clip(p, _EPSILON, 1.0 - _EPSILON)
    if not len(p):
        return float("nan")
    return float(-np.mean(np.where(fake > 0, np.log(p), np.log1p(-p))))


def calibration_errors(
    labels: np.ndarray, probabilities: np.ndarray
) -> dict[str, float]:
    """`nll`, `ece` and `brier` of the same faces; of all three less is better."""
    return {
        "nll": log_loss(labels, probabilities),
        "ece": expected_calibration_error(labels, probabilities),
        "brier": brier_score(labels, probabilities),
    }


def scaled_probability(logits: np.ndarray, temperature: float) -> np.ndarray:
    """sigmoid(logit / T), rounded as the model rounds it: float64 [N] of float32."""
    scaled = np.asarray(logits, np.float64) / temperature
    return expit(scaled).astype(np.float32).astype(np.float64)


def rescaled_probability(probabilities: np.ndarray, factor: float) -> np.ndarray:
    """sigmoid(factor · logit(p)): what p was before its logit was divided by `factor`.

    Args:
        probabilities: float [N] in 0..1. Of a float32 that rounds to 0 or 1 no more is
            known than that its logit was beyond ±16; clipped by ε, it comes back from
            there.
        factor: the temperature that p was calibrated with.

    Returns:
        float64 [N].
    """
    if factor == 1.0:
        return np.asarray(probabilities, np.float64)
    p = np.clip(np.asarray(probabilities, np.float64), _EPSILON, 1.0 - _EPSILON)
    return expit(factor * (np.log(p) - np.log1p(-p)))


def _checked(
    labels: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """float64 [N] each: 1 = fake, and the probability."""
    fake = np.asarray(labels).astype(bool).astype(np.float64).reshape(-1)
    p = np.asarray(probabilities, np.float64).reshape(-1)
    if len(fake) != len(p) or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(
            "`labels` and `probabilities` must be of one length, the latter in 0..1. "
            f"Received: {len(fake)} labels, {len(p)} probabilities, "
            f"{int((~((p >= 0) & (p <= 1))).sum())} of them outside"
        )
    return fake, p
