"""Runs that differ only in their seed: mean and spread, and what exceeds the spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

STATISTICS = ("mean", "min", "max", "std")


def over_seeds(
    runs: pd.DataFrame, by: str, metrics: Sequence[str], order: Sequence[str]
) -> pd.DataFrame:
    """One line a group of runs.

    Args:
        runs: a line a run, with the columns `by` and `metrics`; NaN = undefined.
        by: the column whose equal values make a group.
        metrics: columns to summarise.
        order: the groups in the order wanted; those without runs are left out.

    Returns:
        Index: the group. Columns: `runs` (their number) and, for every metric,
        `<metric>_mean`, `_min`, `_max`, `_std` (of the sample: NaN for one run).
    """
    groups = runs.groupby(by, sort=False)
    table = groups[list(metrics)].agg(list(STATISTICS))
    table.columns = [f"{metric}_{statistic}" for metric, statistic in table.columns]
    table.insert(0, "runs", groups.size())
    return table.loc[[name for name in order if name in table.index]]


@dataclass(frozen=True)
class Difference:
    """How much better one group of runs is than another.

    Attributes:
        lower: name of the group that is expected to be worse.
        higher: name of the group that is expected to be better.
        means: mean of `higher` minus mean of `lower`.
        exceeds_spread: every run of one group is better than every run of the other;
            None where a group has one run, whose spread is not known.
    """

    lower: str
    higher: str
    means: float
    exceeds_spread: bool | None


def difference(
    runs: pd.DataFrame, by: str, metric: str, lower: str, higher: str
) -> Difference | None:
    """Compares two groups of runs in one metric.

    Args:
        runs: a line a run, with the columns `by` and `metric`.
        by: the column that names the group.
        metric: a metric of which more is better.
        lower: the group that is expected to be worse.
        higher: the group that is expected to be better.

    Returns:
        None where a group has no run with this metric.
    """
    below = runs.loc[runs[by] == lower, metric].dropna()
    above = runs.loc[runs[by] == higher, metric].dropna()
    if below.empty or above.empty:
        return None
    apart = None
    if min(len(below), len(above)) > 1:
        apart = bool(above.min() > below.max() or above.max() < below.min())
    return Difference(lower, higher, float(above.mean() - below.mean()), apart)
