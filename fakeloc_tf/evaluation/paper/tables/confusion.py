"""The picture of a five-way model's confusion matrix: the shares."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fakeloc_tf.evaluation.paper.drawing import new_figure, save
from fakeloc_tf.evaluation.paper.item import Context


def draw(context: Context, name: str, matrix: pd.DataFrame, title: str) -> list[Path]:
    """Writes `<name>.png` and `<name>.svg`: the share of each true class.

    Args:
        context: where to, and the mark.
        name: of the files.
        matrix: of `evaluation.confusion.confusion_matrix`.
        title: headline.
    """
    shares = matrix.div(matrix.sum(axis=1), axis=0)
    figure = new_figure(6.4, 5.2, title)
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(matrix.columns)), matrix.columns, rotation=30, ha="right")
    axes.set_yticks(range(len(matrix.index)), matrix.index)
    axes.set_xlabel("most probable class")
    axes.set_ylabel("true class")
    for row, line in enumerate(shares.to_numpy()):
        for column, share in enumerate(line):
            shade = "white" if share > 0.5 else "black"
            text = f"{share:.2f}\n{matrix.iat[row, column]}"
            axes.text(
                column, row, text, ha="center", va="center", color=shade, fontsize=9
            )
    figure.colorbar(picture, label="share of the true class")
    return save(figure, context, name)
