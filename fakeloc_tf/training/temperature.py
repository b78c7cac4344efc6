"""Temperature scaling (Guo et al., ICML 2017): probability = sigmoid(logit / T)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

# T stays between 1/10 and 10. Faces that the logits separate without a mistake would
# have T = 0: every further face would then be sure, whatever it looks like.
BOUND = 10.0


@dataclass(frozen=True)
class Temperature:
    """A fitted temperature.

    Attributes:
        value: T > 0; above 1 where the model was too sure of itself.
        at_bound: the likelihood grows beyond 1/10 or 10, where T was stopped.
    """

    value: float
    at_bound: bool


def fit_temperature(labels: np.ndarray, logits: np.ndarray) -> Temperature:
    """The T with the least negative log-likelihood of these faces.

    Every face counts once: the probability is calibrated for a population with the
    share of fakes that these faces have. One number cannot shift a boundary, so a model
    that was trained on another share keeps that part of its error. In return the order
    of the faces, and with it AUC, stays; so do the verdicts at 0.5.

    With β = 1/T the NLL is convex, and its derivative, mean of (sigmoid(βz) − y)·z,
    never falls: the minimum is where it is 0, or at a bound.

    Args:
        labels: [N]; 1 = fake; of both classes.
        logits: float [N], finite.
    """
    fake = np.asarray(labels).astype(bool).reshape(-1)
    z = np.asarray(logits, np.float64).reshape(-1)

    def slope(beta: float) -> float:
        return float(np.mean((expit(beta * z) - fake) * z))

    if not z.any():
        return Temperature(1.0, at_bound=False)  # every T gives 0.5
    if slope(BOUND) <= 0.0:
        return Temperature(1.0 / BOUND, at_bound=True)
    if slope(1.0 / BOUND) >= 0.0:
        return Temperature(BOUND, at_bound=True)
    return Temperature(1.0 / brentq(slope, 1.0 / BOUND, BOUND), at_bound=False)


def exact_nll(labels: np.ndarray, logits: np.ndarray, temperature: float) -> float:
    """Mean negative log-likelihood in nats, from logits: no probability rounds to 1.

    Args:
        labels: [N]; 1 = fake.
        logits: float [N].
        temperature: T > 0.
    """
    fake = np.asarray(labels).astype(bool).reshape(-1)
    z = np.asarray(logits, np.float64).reshape(-1) / temperature
    return float(np.mean(np.logaddexp(0.0, z) - fake * z))
