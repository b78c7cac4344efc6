"""The tables of an evaluation as Markdown and CSV, and for the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
    "frame_tpr_at_fpr_0.01": "TPR at FPR 1%",
    "frame_recall": "Recall frame",
    "iou_image_fakes": "IoU",
    "fixed_mask_iou_image_fakes": "IoU fixed",
    "gain_iou_image_fakes": "IoU gain",
    "f1_image_fakes": "F1",
    "fixed_mask_f1_image_fakes": "F1 fixed",
    "pixel_auc_image_fakes": "Pixel AUC",
    "fixed_mask_pixel_auc_image_fakes": "Pixel AUC fixed",
}
# Those that the 80 columns of a log file have room for.
SHORT = (
    *("method", "faces", "videos", "frame_auc", "video_auc", "frame_recall"),
    *("iou_image_fakes", "fixed_mask_iou_image_fakes", "gain_iou_image_fakes"),
)
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
LONG_LEGEND = (
    f"{LEGEND} F1 and pixel AUC: mean per image over the fakes; pixel AUC fixed: of "
    "the mean training mask before it is binarised. In brackets: 95% interval by "
    "bootstrap over videos."
)
# Detection in a row a metric and a column a level; localisation beside the fixed mask.
LEVELS = {
    "auc": "AUC",
    "ap": "AP",
    "eer": "EER",
    "accuracy_at_validation_threshold": "Accuracy, validation threshold",
    "accuracy_at_0.5": "Accuracy, threshold 0.5",
    "macro_recall_at_validation_threshold": "Macro recall, validation threshold",
    "macro_recall_at_0.5": "Macro recall, threshold 0.5",
    "tpr_at_fpr_0.1": "TPR at FPR 10%",
    "tpr_at_fpr_0.01": "TPR at FPR 1%",
    "tpr_at_fpr_0.001": "TPR at FPR 0.1%",
}
PLACES = {
    "iou_image_fakes": "IoU, mean per image, fakes",
    "iou_image_all": "IoU, mean per image, all faces",
    "iou_pooled": "IoU, pixels of all faces",
    "miou_two_class": "IoU, mean of the two classes",
    "f1_image_fakes": "F1, mean per image, fakes",
    "pbca_image_fakes": "PBCA, fakes",
    "iinc_image_fakes": "IINC, fakes (less is better)",
    "pixel_auc_image_fakes": "Pixel AUC, mean per image, fakes",
    "pixel_auc_pooled_all": "Pixel AUC, pixels of all faces",
    "mask_false_alarm_fraction_reals": "Marked share of real faces (less is better)",
    "mask_false_alarm_share_reals": "Real faces marked above 5% (less is better)",
}


def write_tables(folder: Path, table: pd.DataFrame, metrics: dict[str, Any]) -> None:
    """Writes metrics and tables.

    Args:
        folder: for `metrics.json`, `table_methods.md`, `table_methods.csv` and
            `table_metrics.md`.
        table: of `method_table`.
        metrics: of `summarise`, with whatever else belongs to them.
    """
    write_text(folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    write_text(folder / "table_methods.csv", table.to_csv(index=False))
    write_text(folder / "table_methods.md", markdown(table))
    write_text(folder / "table_metrics.md", metrics_markdown(metrics))


def markdown(table: pd.DataFrame) -> str:
    """The methods as a Markdown table with its legend; numbers to the right."""
    names = [name for name in TITLES if name in table]
    lines = [[TITLES[name] for name in names]]
    for row in table.to_dict("records"):
        ends = {
            name: [row[f"{name}_low"], row[f"{name}_high"]]
            for name in names
            if pd.notna(row.get(f"{name}_low"))
        }
        lines.append([with_interval(row, ends, name) for name in names])
    return f"{markdown_table(lines)}\n{LONG_LEGEND}\n"


def metrics_markdown(metrics: Mapping[str, Any]) -> str:
    """All faces: detection by level, then localisation beside the fixed mask."""
    ends = metrics.get("intervals", {})

    def lines(head: str, titles: dict[str, str], kinds: dict[str, str]) -> str:
        rows = [[head, *kinds.values()]]
        for name, title in titles.items():
            names = [prefix + name for prefix in kinds]
            if any(n in metrics for n in names):
                rows.append([title, *(with_interval(metrics, ends, n) for n in names)])
        return markdown_table(rows)

    levels = {"frame_": "Frames", "video_": "Videos"}
    masks = {"": "Model", "fixed_mask_": "Fixed mask", "gain_": "Gain"}
    legend = (
        "Macro recall: mean over the methods, pristine among them. TPR at an FPR: of "
        "the lowest threshold with no more false alarms than that; a dash where there "
        "are too few real ones to measure it. Fixed mask: the constant mean training "
        "mask; gain: how much better the model is. In brackets: 95% interval by "
        "bootstrap over videos."
    )
    return (
        f"{lines('Detection', LEVELS, levels)}\n"
        f"{lines('Localisation', PLACES, masks)}\n{legend}\n"
    )


def markdown_rows(table: pd.DataFrame) -> str:
    """Any table as Markdown, its columns' names as titles; numbers to the right."""
    numbers = [pd.api.types.is_numeric_dtype(kind) for kind in table.dtypes]
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    return markdown_table([list(map(str, table)), *rows], numbers)


def terminal_table(table: pd.DataFrame, title: str) -> Table:
    """The methods for `rich`, without what does not fit."""
    # Narrow enough for the 80 columns of a log file.
    shown = Table(title=title, box=SIMPLE_HEAD, padding=0, pad_edge=False)
    shown.title_justify = "left"
    names = [name for name in SHORT if name in table]
    for name in names:
        text = name == "method"
        shown.add_column(
            TITLES[name],
            # A heading may wrap, a number may not.
            justify="left" if text else "right",
            no_wrap=text,
            min_width=6,
        )
    for row in table.to_dict("records"):
        shown.add_row(*(_cell(row[name]) for name in names))
    return shown


def with_interval(
    values: Mapping[str, Any], intervals: Mapping[str, list[float]], name: str
) -> str:
    """A value as text, such as `0.921 (0.900 to 0.945)`; a dash where there is none."""
    text = _cell(values.get(name))
    if name not in intervals or text == "–":
        return text
    low, high = intervals[name]
    return f"{text} ({low:.3f} to {high:.3f})"


def markdown_table(
    lines: Sequence[Sequence[str]], numbers: Sequence[bool] | None = None
) -> str:
    """A heading and rows as Markdown.

    Args:
        lines: cells, the heading first.
        numbers: which columns stand to the right; None = all but the first.
    """
    heading, *rows = lines
    right = [place > 0 for place in range(len(heading))] if numbers is None else numbers
    rules = ["---:" if number else ":---" for number in right]
    return "".join("| " + " | ".join(row) + " |\n" for row in (heading, rules, *rows))


def _cell(value: Any) -> str:
    """Three decimals, or a dash where there is no number."""
    if value is None or value is pd.NA or value != value:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(value).replace("|", r"\|")
