"""The table of the methods as Markdown and CSV, and for the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from fakeloc_tf.files import write_text

TITLES = {
    "method": "Method",
    "faces": "Faces",
    "videos": "Videos",
    "frame_auc": "AUC (frame)",
    "video_auc": "AUC (video)",
    "frame_recall": "Recall (frame)",
    "iou_image_fakes": "IoU (mean per fake)",
    "fixed_mask_iou_image_fakes": "IoU of the fixed mean mask",
    "gain_iou_image_fakes": "Gain",
}


def write_tables(folder: Path, table: pd.DataFrame, metrics: dict[str, Any]) -> None:
    """Writes `metrics.json`, `table_methods.md` and `table_methods.csv`."""
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(folder / "table_methods.csv", table.to_csv(index=False))
    write_text(folder / "table_methods.md", markdown(table))


def markdown(table: pd.DataFrame) -> str:
    """A Markdown table; numbers to the right."""
    titles = [TITLES.get(name, str(name)) for name in table]
    rules = [":---" if name == "method" else "---:" for name in table]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    lines = [titles, rules, *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def terminal_table(table: pd.DataFrame, title: str) -> Table:
    """The same for `rich`."""
    shown = Table(title=title, title_justify="left")
    for name in table:
        right = "left" if name == "method" else "right"
        shown.add_column(TITLES.get(name, str(name)), justify=right)
    for row in table.itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    return shown


def _cell(value: Any) -> str:
    """Three decimals, or a dash where there is no number."""
    if isinstance(value, float):
        return "–" if pd.isna(value) else f"{value:.3f}"
    return str(value).replace("|", r"\|")
