"""Table III: detection and localisation of each manipulation method."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.paper.experiments import DETECTORS, QUALITIES
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables.comparison import evaluated, run_names, there
from fakeloc_tf.evaluation.paper.tables.page import missing_note, write_table
from fakeloc_tf.evaluation.tables import LEGEND, SHORT

TITLE = "Table III: each manipulation method"
PAPER = ("frame_auc", "frame_recall")


def make(context: Context) -> list[Path]:
    """Writes a row a quality, detector and method; detectors see all in training."""
    parts = []
    for quality in there(context, list(DETECTORS)):
        for name, title in DETECTORS.items():
            found = evaluated(context, name, quality)
            if found is None:
                continue
            part = method_table(found.rows, found.threshold)
            # Without intervals and more: the table is wide with its detectors.
            part = part[[column for column in SHORT if column in part]].copy()
            for metric in PAPER:
                part[f"paper_{metric}"] = [
                    paper_value("table3", f"{name}/{method}", quality, metric)
                    for method in part["method"]
                ]
            part.insert(0, "detector", title)
            part.insert(0, "quality", quality)
            parts.append(part)
    notes = [
        f"{LEGEND} Recall: at the threshold chosen on validation.",
        paper_note("table3"),
        missing_note(context, run_names(context, list(DETECTORS))),
    ]
    table = pd.concat(parts, ignore_index=True)
    return write_table(context, "table3", TITLE, table, notes)


TABLE3 = Item(TITLE, tuple(DETECTORS), QUALITIES, make)
