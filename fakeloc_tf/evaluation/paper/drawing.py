"""What the figures look like, and how they are written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fakeloc_tf.evaluation.figure_files import save_figure
from fakeloc_tf.evaluation.paper.item import Context

DPI = 150
# The longest title fits.
MIN_WIDTH = 8.0
# Of notes.
LETTERS_AN_INCH = 13
# Okabe and Ito: told apart by colour-blind people too. Green is for pristine faces.
COLORS = ("#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Shape as well as colour, for print without colours.
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
# Perceptually uniform: equal steps look equal.
MAGNITUDE = "magma"
SIGNED = "RdBu_r"
TITLE: Any = {"x": 0.01, "ha": "left", "fontsize": 13, "fontweight": "bold"}


def new_figure(width: float, height: float, title: str, note: str = "") -> Figure:
    """An empty figure.

    Args:
        width: inches; more if the title needs it.
        height: inches.
        title: one line.
        note: what a reader must know, below the figure; broken into lines.
    """
    width = max(width, MIN_WIDTH)
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    figure.suptitle(title, **TITLE)
    if note:
        lines = textwrap.fill(note, int(LETTERS_AN_INCH * width))
        figure.supxlabel(lines, x=0.01, ha="left", fontsize=10)
    return figure


def save(figure: Figure, context: Context, name: str) -> list[Path]:
    """Writes `<name>.png` and `<name>.svg`, each whole or not at all, with the mark.

    Args:
        figure: of `new_figure`.
        context: where to, and the mark.
        name: such as `fig1`.
    """
    if context.mark:
        # A line of its own above the title, which the layout keeps free.
        figure.suptitle(f"\n{figure.get_suptitle()}", **TITLE)
        figure.text(
            0.012,
            1 - 0.06 / figure.get_figheight(),
            f"{context.mark}: not the paper's data",
            va="top",
            fontsize=11,
            fontweight="bold",
            color="white",
            bbox={"facecolor": COLORS[1], "edgecolor": "none", "pad": 2},
        )
    return save_figure(figure, context.out / name, text=True)


def scatter(
    axes: Axes, points: np.ndarray, method: int, size: float, **how: Any
) -> None:
    """Draws points float [N, 2] in the colour and shape of a method.

    Args:
        axes: where to.
        points: x and y.
        method: index of the class, 0 = pristine.
        size: points².
        how: further arguments of `Axes.scatter`.
    """
    style = method % len(COLORS)
    axes.scatter(
        points[:, 0],
        points[:, 1],
        size,
        color=COLORS[style],
        marker=MARKERS[style],
        **how,
    )


def show(axes: Axes, picture: np.ndarray, **how: Any) -> Any:
    """Draws a picture without ticks and frame; its title and labels stay.

    Args:
        axes: where to.
        picture: [H, W] or uint8 [H, W, 3] RGB.
        how: further arguments of `Axes.imshow`.

    Returns:
        What a colour bar is made for.
    """
    bare(axes)
    return axes.imshow(picture, **how)


def bare(axes: Axes) -> None:
    """Takes away ticks and frame."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def color_bar(image: Any, axes: Any, label: str, **how: Any) -> None:
    """A colour bar beside one pair of axes or several of them."""
    figure = np.ravel(axes)[0].get_figure()
    # Without `panchor` pictures beside a bar would not align with those that have none.
    looks = {"pad": 0.01, "aspect": 25, "panchor": False}
    bar = figure.colorbar(image, ax=axes, **looks | how)
    bar.set_label(label, fontsize=10)
    bar.ax.tick_params(labelsize=9)
    bar.outline.set_visible(False)
