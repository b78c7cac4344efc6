"""Rows that are detectors, columns that are metrics: Tables II, VII and VIII."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from fakeloc_tf.evaluation.paper.evaluations import Evaluated, evaluate_once
from fakeloc_tf.evaluation.paper.experiments import QUALITIES, run_name
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.evaluation.paper.reported import paper_value
from fakeloc_tf.evaluation.tables import COMPARED

LEGEND = (
    "AUC and accuracy: of frames; accuracy at the threshold chosen on validation. IoU: "
    "threshold 0.5, mean per image over the fakes of the test split; IoU fixed: the "
    "same of the constant mean training mask; gain: IoU above it."
)


def there(context: Context, names: Sequence[str]) -> list[str]:
    """The qualities that have records and a run of one of the experiments."""
    return [
        quality
        for quality in QUALITIES
        if quality in context.records
        and any(run_name(name, quality) in context.runs for name in names)
    ]


def evaluated(context: Context, name: str, quality: str) -> Evaluated | None:
    """An experiment on the test faces of its own quality; None without a run."""
    run = context.runs.get(run_name(name, quality))
    if run is None:
        return None
    return evaluate_once(run, context.records[quality], quality)


def compare(
    context: Context,
    table: str,
    titles: Mapping[str, str],
    metrics: Sequence[str] = COMPARED,
    paper: Sequence[str] = COMPARED[:2],
) -> pd.DataFrame:
    """A row a quality and experiment; NaN where there is no run.

    Args:
        context: runs and records.
        table: key of the paper's numbers.
        titles: experiment → what it is called in this table.
        metrics: columns of ours.
        paper: metrics that have a column of the paper's.
    """
    rows = []
    for quality in there(context, list(titles)):
        for name, title in titles.items():
            found = evaluated(context, name, quality)
            values = {} if found is None else found.metrics
            numbers = {metric: _number(values.get(metric)) for metric in metrics}
            papers = {
                f"paper_{metric}": paper_value(table, name, quality, metric)
                for metric in paper
            }
            rows.append({"quality": quality, "detector": title, **numbers, **papers})
    return pd.DataFrame(rows)


def run_names(context: Context, names: Sequence[str]) -> list[str]:
    """The runs that the rows of `compare` need."""
    return [
        run_name(name, quality) for quality in there(context, names) for name in names
    ]


def _number(value: float | None) -> float:
    """A metric of `metrics.json`, where None is NaN."""
    return math.nan if value is None else value
