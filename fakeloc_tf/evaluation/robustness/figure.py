"""Curves over the levels: a column a corruption, a row a measure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fakeloc_tf.evaluation.figure_files import save_figure
from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.evaluation.robustness.results import CLEAN

# Blue and vermillion of Okabe and Ito: told apart by colour-blind people too.
MODEL_COLOR, FIXED_COLOR = "#0072B2", "#D55E00"
PANEL_INCHES = (1.75, 2.1)
# For the titles of a column, the title of the whole and the legend.
EDGE_INCHES = (0.9, 1.3)
DPI = 150
# measure → its name on the axis
SHOWN = {"frame_auc": "AUC, frames", "iou_image_fakes": "IoU, mean over fakes"}
FIXED = {"iou_image_fakes": "fixed_mask_iou_image_fakes"}
LABELS = ("model", "model, untouched faces", "constant mean training mask")


def draw_curves(path: Path, levels: pd.DataFrame, title: str) -> None:
    """Writes `path`.png and `path`.svg.

    Args:
        path: without suffix.
        levels: of `summary.level_table`; a measure that is nowhere has no row.
        title: of the whole figure.
    """
    clean = levels[levels["corruption"] == CLEAN].iloc[0]
    shown = [name for name in SHOWN if levels[name].notna().any()] or ["frame_auc"]
    names = [name for name in levels["corruption"].unique() if name != CLEAN]
    size = np.multiply(PANEL_INCHES, (max(len(names), 3), len(shown)))
    figure = Figure(figsize=tuple(size + EDGE_INCHES), dpi=DPI, layout="constrained")
    axes = figure.subplots(len(shown), len(names), squeeze=False, sharey="row")
    for row, measure in enumerate(shown):
        for column, name in enumerate(names):
            rows = levels[levels["corruption"] == name]
            _draw_panel(axes[row, column], rows, clean, measure)
            axes[row, column].tick_params(labelbottom=row == len(shown) - 1)
        axes[row, 0].set_ylabel(SHOWN[measure])
    for column, name in enumerate(names):
        axes[0, column].set_title(CORRUPTIONS[name].title, fontsize=10)
        axes[-1, column].set_xlabel(CORRUPTIONS[name].parameter, fontsize=8)
    figure.suptitle(title, fontsize=11)
    handles, labels = axes[-1, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9
    )
    save_figure(figure, path)


def _draw_panel(axes: Axes, rows: pd.DataFrame, clean: pd.Series, measure: str) -> None:
    """One corruption and measure; mild to severe from left to right."""
    curve, untouched, constant = LABELS
    axes.plot(
        rows["level"], rows[measure], color=MODEL_COLOR, marker="o", ms=4, label=curve
    )
    axes.axhline(
        clean[measure], color=MODEL_COLOR, ls="--", lw=1, alpha=0.8, label=untouched
    )
    if measure in FIXED:
        fixed = clean[FIXED[measure]]
        axes.axhline(fixed, color=FIXED_COLOR, ls=":", lw=1.5, label=constant)
    else:
        axes.axhline(0.5, color="gray", lw=0.8)
        axes.annotate("chance", (1, 0.5), (0, 2), textcoords="offset points", size=7)
    amounts = [f"{amount:g}" for amount in rows["parameter"]]
    axes.set_xticks(rows["level"], amounts, fontsize=8)
    axes.set_xlim(0.6, 5.4)
    axes.grid(axis="y", color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
