"""The numbers that the paper reports, each with its source (`paper_numbers.csv`).

Only what was found in a source is there. The text of the paper was not at hand: most of
its numbers are missing, and shown as a dash.
"""

from __future__ import annotations

import csv
import functools
import io
import math
from importlib import resources


@functools.cache
def _numbers() -> dict[tuple[str, str, str, str], tuple[float, str]]:
    """(table, row, quality, metric) → (value, source)."""
    file = resources.files("fakeloc_tf.evaluation.paper") / "paper_numbers.csv"
    lines = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    return {
        (line["table"], line["row"], line["quality"], line["metric"]): (
            float(line["value"]),
            line["source"],
        )
        for line in lines
    }


def paper_value(table: str, row: str, quality: str, metric: str) -> float:
    """A number of the paper, rates in 0..1; NaN where no source was found.

    Args:
        table: `table1` … `table8`.
        row: an experiment, or a class of faces.
        quality: c23 or c40.
        metric: the name of our column that it belongs beside.
    """
    return _numbers().get((table, row, quality, metric), (math.nan, ""))[0]


def paper_note(table: str) -> str:
    """A sentence on where the paper's numbers of a table come from."""
    sources = [source for key, (_, source) in _numbers().items() if key[0] == table]
    if not sources:
        return "The paper's numbers of this table were not looked up: –."
    return (
        f"The paper's numbers: {'; '.join(dict.fromkeys(sources))}. The others were "
        "not looked up: –."
    )
