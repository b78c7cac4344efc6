"""Table I: how many faces there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from fakeloc_tf.data.prepared import class_counts, dataset_info
from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper.experiments import QUALITIES
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables.page import write_table

TITLE = "Table I: faces of the data set"


def make(context: Context) -> list[Path]:
    """Writes faces by quality, class and split."""
    found = {
        quality: dataset_info(context.records[quality])
        for quality in QUALITIES
        if quality in context.records
    }
    if not found:
        raise FakelocError("no prepared records: give --data c23=RECORDS")
    rows = [row for quality, info in found.items() for row in _rows(quality, info)]
    notes = [_settings(quality, info) for quality, info in found.items()]
    notes += [
        "§IV-A of the paper: 270 frames of a video in training, of a real one four "
        "times as many, and 100 in validation and test. Its counts of real validation "
        "and test faces need 400 frames a video, more than some videos have: faces "
        "repeat there, and the row `pristine, no repeats` leaves the repeats out.",
        paper_note("table1"),
    ]
    return write_table(context, "table1", TITLE, pd.DataFrame(rows), notes)


def _rows(quality: str, info: dict[str, Any]) -> list[dict[str, Any]]:
    """One quality: a line a class, and the pristine faces that are no repeats."""
    counts = {split: class_counts(info, split) for split in SPLITS}
    lines = {
        name: {split: counts[split][name] for split in SPLITS}
        for name in info["classes"]
    }
    pristine = info["classes"][0]
    if repeats := info.get("repeats"):
        lines[f"{pristine}, no repeats"] = {
            split: counts[split][pristine] - repeats[split] for split in SPLITS
        }
    return [
        {"quality": quality, "method": name}
        | faces
        | {f"paper_{s}": paper_value("table1", name, quality, s) for s in SPLITS}
        for name, faces in lines.items()
    ]


def _settings(quality: str, info: dict[str, Any]) -> str:
    """How the records were made."""
    prepare = info["prepare"]
    return (
        f"{quality} here ({info['name']}): {prepare['frames_train']} frames of a video "
        f"in training (real ones × {prepare['real_factor']}), "
        f"{prepare['frames_eval']} in validation and test."
    )


TABLE1 = Item(TITLE, (), QUALITIES, make)
