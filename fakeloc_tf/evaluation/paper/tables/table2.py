"""Table II: detection at both qualities, beside the paper's baselines."""

from __future__ import annotations

from pathlib import Path

from fakeloc_tf.evaluation.paper.experiments import DETECTORS, QUALITIES
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note
from fakeloc_tf.evaluation.paper.tables.comparison import (
    LEGEND,
    compare,
    run_names,
)
from fakeloc_tf.evaluation.paper.tables.page import missing_note, write_table
from fakeloc_tf.evaluation.tables import COMPARED

TITLE = "Table II: detection"


def make(context: Context) -> list[Path]:
    """Writes a row a quality and detector."""
    detection = (*COMPARED[:2], "frame_eer", "video_auc")
    metrics = (*detection, *COMPARED[2:])
    table = compare(context, "table2", DETECTORS, metrics, COMPARED[:2])
    notes = [
        LEGEND,
        paper_note("table2"),
        missing_note(context, run_names(context, list(DETECTORS))),
    ]
    return write_table(context, "table2", TITLE, table, notes)


TABLE2 = Item(TITLE, tuple(DETECTORS), QUALITIES, make)
