"""The table of the methods as Markdown and CSV, and for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fakeloc_tf.files import write_text

TITLES = {
    "method": "Method",
    "faces": "Faces",
    "videos": "Videos",
    "frame_auc": "AUC frame",
    "video_auc": "AUC video",
    "frame_recall": "Recall frame",
    "iou_image_fakes": "IoU",
    "fixed_mask_iou_image_fakes": "IoU fixed",
    "gain_iou_image_fakes": "IoU gain",
}
# What detectors are compared in: the paper's metrics, and what a mask is worth.
COMPARED = (
    "frame_auc",
    "frame_accuracy_at_validation_threshold",
    "iou_image_fakes",
    "fixed_mask_iou_image_fakes",
    "gain_iou_image_fakes",
)
LEGEND = (
    "AUC: the method's fakes against all pristine faces. IoU: threshold 0.5, mean per "
    "image over the fakes. IoU fixed: the same of the constant mean training mask; "
    "gain: IoU above it."
)


def write_tables(folder: Path, table: pd.DataFrame, metrics: dict[str, Any]) -> None:
    """Writes `metrics.json`, `table_methods.md` and `table_methods.csv`."""
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(folder / "table_methods.csv", table.to_csv(index=False))
    write_text(folder / "table_methods.md", markdown(table))


def markdown(table: pd.DataFrame) -> str:
    """A Markdown table of the methods with its legend."""
    return f"{markdown_rows(table.rename(columns=TITLES))}\n{LEGEND}\n"


def markdown_rows(table: pd.DataFrame) -> str:
    """Any table as Markdown, its columns' names as titles; numbers to the right."""
    numbers = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
    rules = ["---:" if number else ":---" for number in numbers]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table)), rules, *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def terminal_table(table: pd.DataFrame, title: str) -> Table:
    """The same for `rich`."""
    # Narrow enough for the 80 columns of a log file.
    shown = Table(title=title, box=SIMPLE_HEAD, padding=0, pad_edge=False)
    shown.title_justify = "left"
    for name in table:
        text = name == "method"
        shown.add_column(
            TITLES.get(name, str(name)),
            # A heading may wrap, a number may not.
            justify="left" if text else "right",
            no_wrap=text,
            min_width=6,
        )
    for row in table.itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    return shown


def _cell(value: Any) -> str:
    """Three decimals, or a dash where there is no number."""
    if value is None or value is pd.NA or value != value:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).replace("|", r"\|")
