"""Metrics of an order of scores, for many weightings of the rows from one sort.

scikit-learn takes one weighting a call and sorts anew for each metric, which a
bootstrap of many frames cannot wait for (`tools/bench_metrics.py` has the times); the
tests hold this to it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fakeloc_tf.noise.compiled import compiled

# False positive rates at which the true positive rate is told, ascending.
FALSE_RATES = (0.001, 0.01, 0.1)
NAMES = ("auc", "eer", "ap", *(f"tpr_at_fpr_{rate:g}" for rate in FALSE_RATES))


def rank_metrics(
    labels: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """How well scores put fakes above reals, once for each weighting of the rows.

    Args:
        labels: [N]; 1 = fake.
        scores: float [N].
        groups: int [N] in 0..G-1, the group of each row, such as its video; None = all
            rows are one.
        weights: uint16 [R, G], how often the rows of a group count; None = once.

    Returns:
        float64 [R] each, equal to the metric of rows that are repeated as often:
        - `auc`: area under the ROC curve, joined by straight lines (ties count half);
        - `eer`: where that curve has as many misses as false alarms;
        - `ap`: average precision, the sum of precision times gain in recall;
        - `tpr_at_fpr_0.1`, `_0.01`, `_0.001`: the highest true positive rate of a
          threshold whose false positive rate is at most that. NaN with fewer than
          10, 100, 1000 reals, of which no such share can be measured.

        NaN where a class is missing or weighs nothing.

    Raises:
        ValueError: lengths differ, or a score is not finite.
    """
    fake = np.asarray(labels).astype(bool).reshape(-1)
    scores = np.asarray(scores, np.float64).reshape(-1)
    if len(fake) != len(scores) or not np.isfinite(scores).all():
        raise ValueError(
            "labels and scores must be of one length and finite. "
            f"Received: {len(fake)} labels, {len(scores)} scores, "
            f"{int((~np.isfinite(scores)).sum())} of them not finite"
        )
    if groups is None or weights is None:
        groups, weights = np.zeros(len(fake), np.int32), np.ones((1, 1), np.uint16)
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    last_of_ties = np.append(descending[1:] != descending[:-1], True)[: len(fake)]
    rows = fake[order], last_of_ties, groups[order].astype(np.int32)
    fakes, reals = (
        weights @ np.bincount(groups[which], minlength=weights.shape[1])
        for which in (fake, ~fake)
    )
    found = np.full((len(weights), len(NAMES)), np.nan)

    def measure(index: int) -> None:
        limits = _false_alarms_allowed(int(reals[index]))
        totals = int(fakes[index]), int(reals[index])
        _measure(*rows, weights[index], *totals, limits, found[index])

    # The compiled loop lets go of the interpreter's lock.
    with ThreadPoolExecutor() as pool:
        list(pool.map(measure, np.flatnonzero((fakes > 0) & (reals > 0))))
    for column, rate in enumerate(FALSE_RATES, start=3):
        if int((~fake).sum()) < round(1 / rate):
            found[:, column] = np.nan
    return dict(zip(NAMES, found.T, strict=True))


def _false_alarms_allowed(reals: int) -> np.ndarray:
    """int64: the most false alarms among `reals` whose share is at most each rate."""
    # One above, for the product may be rounded down; the quotient decides.
    guesses = [int(rate * reals) + 1 for rate in FALSE_RATES]
    return np.array(
        [
            next(n for n in range(guess, -1, -1) if n / reals <= rate)
            for guess, rate in zip(guesses, FALSE_RATES, strict=True)
        ]
    )


@compiled
def _measure(
    fake: np.ndarray,
    last_of_ties: np.ndarray,
    group: np.ndarray,
    weights: np.ndarray,
    fakes: int,
    reals: int,
    limits: np.ndarray,
    found: np.ndarray,
) -> None:
    """Walks down the scores of one weighting and fills `found`, a value a name.

    Args:
        fake, last_of_ties: bool [N], by falling score; the ROC curve has a point after
            each group of equal scores.
        group: int32 [N].
        weights: uint16 [G].
        fakes, reals: sums of the weights of both classes, > 0.
        limits: int64, see `_false_alarms_allowed`.
        found: float64, written to.
    """
    hits = alarms = np.int64(0)
    hits_before = alarms_before = np.int64(0)
    doubled_area = np.int64(0)
    precision = 0.0
    equal_error = -1.0
    difference_before = np.int64(-fakes * reals)
    limit = 0
    for row in range(len(fake)):
        weight = np.int64(weights[group[row]])
        # Without a branch, which a processor would guess wrong half of the time.
        hit = weight * np.int64(fake[row])
        hits += hit
        alarms += weight - hit
        if not last_of_ties[row]:
            continue
        doubled_area += (alarms - alarms_before) * (hits + hits_before)
        if hits > hits_before:
            precision += float((hits - hits_before) * (hits / (hits + alarms)))
        if equal_error < 0:
            # False alarms minus misses, times both totals: never falls along the curve.
            difference = alarms * fakes - (fakes - hits) * reals
            if difference >= 0:
                part = difference_before / (difference_before - difference)
                gained = alarms - alarms_before
                equal_error = float(alarms_before + part * gained) / reals
            difference_before = difference
        while limit < len(limits) and alarms > limits[limit]:
            found[3 + limit] = hits_before / fakes
            limit += 1
        hits_before, alarms_before = hits, alarms
    found[0] = doubled_area / 2 / fakes / reals
    found[1] = equal_error
    found[2] = precision / fakes
