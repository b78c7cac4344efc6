"""Table IV: trained on Deepfakes, tested on what training never saw."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.paper.evaluations import evaluate_once
from fakeloc_tf.evaluation.paper.experiments import (
    DETECTORS,
    ON_DEEPFAKES,
    QUALITIES,
    run_name,
)
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables.comparison import evaluated, run_names, there
from fakeloc_tf.evaluation.paper.tables.page import missing_note, write_table

TITLE = "Table IV: across data sets, trained on Deepfakes"
LEGEND = (
    "AUC of frames. Every detector was trained on pristine faces and Deepfakes alone. "
    "Columns of methods: test faces of the same data set, its fakes of that method "
    "against all its pristine ones; Deepfakes is the method of the training, the "
    "others are across methods and in no table of the paper."
)
WITHOUT = (
    "**Celeb-DF is left out**: no records of it were given (`--data celebdf=RECORDS`). "
    "The other methods stand in for it; they are across methods, not across data sets."
)


def make(context: Context) -> list[Path]:
    """Writes a row a quality and detector."""
    rows, notes = [], [LEGEND, paper_note("table4")]
    for quality in there(context, list(ON_DEEPFAKES)):
        for name in ON_DEEPFAKES:
            rows.append(_row(context, name, quality, notes))
    if not any(name.startswith("celebdf") for name in context.records):
        notes.append(WITHOUT)
    table = pd.DataFrame(rows)
    papers = [column for column in table if column.startswith("paper_")]
    table = table[[c for c in table if c not in papers] + papers]
    notes.append(missing_note(context, run_names(context, list(ON_DEEPFAKES))))
    return write_table(context, "table4", TITLE, table, notes)


def _row(context: Context, name: str, quality: str, notes: list[str]) -> dict[str, Any]:
    """One detector; what could not be tested is added to the notes."""
    row: dict[str, Any] = {
        "quality": quality,
        "detector": DETECTORS[ON_DEEPFAKES[name]],
        "auc_celebdf": math.nan,
        "paper_auc_celebdf": paper_value("table4", name, quality, "auc_celebdf"),
    }
    found = evaluated(context, name, quality)
    if found is None:
        return row
    own = method_table(found.rows, found.threshold).iloc[:-1]
    row |= {f"AUC {m}": a for m, a in zip(own["method"], own["frame_auc"], strict=True)}
    # Prepared with another σ for each quality (`check_preparation`).
    for other in (f"celebdf_{quality}", "celebdf"):
        if other not in context.records:
            continue
        run = context.runs[run_name(name, quality)]
        try:
            tested = evaluate_once(run, context.records[other], other)
        except FakelocError as error:
            notes.append(f"{run.name} was not tested on Celeb-DF: {error}")
        else:
            row["auc_celebdf"] = tested.metrics["frame_auc"]
        break
    return row


TABLE4 = Item(TITLE, tuple(ON_DEEPFAKES), QUALITIES, make)
