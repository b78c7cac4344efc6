"""Tables VII and VIII: what each module and each tap adds."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from fakeloc_tf.evaluation.paper.experiments import MODULES, TAP_SETS, VARIANTS
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note
from fakeloc_tf.evaluation.paper.tables.comparison import LEGEND, compare, run_names
from fakeloc_tf.evaluation.paper.tables.page import missing_note, write_table

MODULES_TITLE = "Table VII: noise and segmentation added to the backbone"
TAPS_TITLE = "Table VIII: taps that have heads"


def make(name: str, title: str, rows: Sequence[str], context: Context) -> list[Path]:
    """Writes a row an experiment; all have the same passes over the training faces."""
    table = compare(context, name, {row: VARIANTS[row] for row in rows})
    notes = [LEGEND, paper_note(name), missing_note(context, run_names(context, rows))]
    return write_table(context, name, title, table, notes)


TABLE7 = Item(
    MODULES_TITLE,
    MODULES,
    ("c23",),
    functools.partial(make, "table7", MODULES_TITLE, MODULES),
)
TABLE8 = Item(
    TAPS_TITLE,
    TAP_SETS,
    ("c23",),
    functools.partial(make, "table8", TAPS_TITLE, TAP_SETS),
)
