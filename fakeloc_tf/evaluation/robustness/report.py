"""Writes what was measured: CSV, Markdown, JSON and the curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.evaluation.robustness.figure import draw_curves
from fakeloc_tf.evaluation.robustness.run import Robustness
from fakeloc_tf.evaluation.robustness.summary import (
    AT_THRESHOLD,
    CORRUPTION_TITLES,
    corruption_table,
    mean_corruption,
)
from fakeloc_tf.evaluation.tables import markdown_table
from fakeloc_tf.files import write_text

LEVEL_TITLES = {
    "corruption": "Corruption",
    "level": "Level",
    "parameter": "Parameter",
    "frame_auc": "AUC",
    "frame_eer": "EER",
    f"frame_accuracy_{AT_THRESHOLD}": "Accuracy",
    f"frame_false_positive_rate_{AT_THRESHOLD}": "False positives",
    "iou_image_fakes": "IoU",
    "fixed_mask_iou_image_fakes": "IoU fixed",
    "iou_pooled": "IoU pooled",
    "pbca_image_all": "PBCA",
    "predicted_fraction_reals": "Marked on reals",
}
LEGEND = (
    "A level changes the crop of the records, real and fake alike, before the model's "
    "resize; level 0 is untouched. AUC, EER: by frame. Accuracy, false positives "
    "(share of reals that are called fake): at the threshold chosen on clean "
    "validation faces. IoU: threshold 0.5, mean per image over fakes; it rises, too, "
    "where masks grow on every face: see what is marked on reals. IoU fixed: the same "
    "of the constant mean training mask, which no corruption touches; IoU pooled: "
    "pixels of all faces; PBCA: share of pixels on the right side, mean over all "
    "faces. Marked on reals: mean share of a real face in the predicted mask, best 0."
)


def write_report(folder: Path, result: Robustness) -> None:
    """Writes `robustness.csv`, `.md`, `.json`, `.png` and `.svg`."""
    levels = result.levels
    write_text(folder / "robustness.csv", levels.to_csv(index=False))
    write_text(folder / "robustness.md", markdown(result))
    summary = result.facts | {
        "mean_corruption": mean_corruption(levels),
        "corruptions": _by_corruption(levels),
        "skipped": result.skipped,
    }
    text = json.dumps(summary, indent=2, allow_nan=False, ensure_ascii=False)
    write_text(folder / "robustness.json", text + "\n")
    draw_curves(folder / "robustness", levels, faces_line(result))


def faces_line(result: Robustness) -> str:
    """Which faces the numbers are of, for people."""
    facts = result.facts
    number = (
        f"all {facts['faces']} faces"
        if facts["faces"] == facts["faces_in_split"]
        else f"{facts['faces']} of {facts['faces_in_split']} faces, evenly spread"
    )
    return f"{facts['run']} on {facts['dataset']}, {facts['split']}: {number}"


def markdown(result: Robustness) -> str:
    """Means by corruption, then every level, and how to read them."""
    means = mean_corruption(result.levels)
    lines = [f"- {name}: {_cell(value)}" for name, value in means.items()]
    lines += [f"- skipped: {name}: {why}" for name, why in result.skipped.items()]
    parts = (
        f"# Robustness: {faces_line(result)}",
        "\n".join(lines),
        "Means over the levels, and what they lose on the untouched faces:",
        _table(corruption_table(result.levels), CORRUPTION_TITLES),
        "Every level:",
        _table(result.levels, LEVEL_TITLES),
        LEGEND,
    )
    return "\n\n".join(parts) + "\n"


def terminal_table(result: Robustness) -> Table:
    """Means by corruption, for `rich`."""
    shown = Table(box=SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for name, title in CORRUPTION_TITLES.items():
        left = name == "corruption"
        shown.add_column(title, justify="left" if left else "right", no_wrap=True)
    for row in corruption_table(result.levels).to_dict(orient="records"):
        shown.add_row(*(_cell(row[name], name) for name in CORRUPTION_TITLES))
    return shown


def _table(table: pd.DataFrame, titles: dict[str, str]) -> str:
    """The columns with a title as Markdown; numbers to the right."""
    rows = [
        [_cell(row[name], name) for name in titles]
        for row in table.to_dict(orient="records")
    ]
    return markdown_table([list(titles.values()), *rows]).rstrip()


def _cell(value: Any, name: str = "") -> str:
    """Three decimals, an amount as it is, a corruption's title, or a dash."""
    if name == "corruption":
        return CORRUPTIONS[value].title if value in CORRUPTIONS else "Untouched"
    if value is None or pd.isna(value):
        return "–"
    if name == "parameter":
        return f"{value:g}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _by_corruption(levels: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """What each corruption did, for JSON."""
    result = {}
    for row in corruption_table(levels).to_dict(orient="records"):
        name = row["corruption"]
        mine = levels[levels["corruption"] == name]
        numbers = {
            k: None if pd.isna(v) else v for k, v in row.items() if k != "corruption"
        }
        result[name] = numbers | {
            "parameter": CORRUPTIONS[name].parameter,
            "amounts": mine["parameter"].tolist(),
        }
    return result
