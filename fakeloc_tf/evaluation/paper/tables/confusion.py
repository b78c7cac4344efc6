"""The confusion matrix of a five-way model: counts, and a picture of the shares."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper.drawing import new_figure, save
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.evaluation.predictions import METHOD_PREFIX


def confusion_matrix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Faces by true and most probable class.

    Args:
        predictions: of `evaluate_model`, of a five-way model.

    Returns:
        int [classes, classes]: index the true class, columns the most probable one;
        both have the classes that have faces, in the model's order.

    Raises:
        FakelocError: the rows are of no five-way model.
    """
    columns = [name for name in predictions if str(name).startswith(METHOD_PREFIX)]
    if not columns:
        raise FakelocError("the predictions have no probabilities of methods")
    names = [str(column).removeprefix(METHOD_PREFIX) for column in columns]
    named = predictions[columns].idxmax(axis=1).str.removeprefix(METHOD_PREFIX)
    matrix = pd.crosstab(predictions["method"], named)
    there = [name for name in names if name in matrix.index]
    # A class that is never named has a column of zeros, and every name has one.
    matrix = matrix.reindex(index=there, columns=names, fill_value=0)
    matrix.columns.name = None
    return matrix


def draw(context: Context, name: str, matrix: pd.DataFrame, title: str) -> list[Path]:
    """Writes `<name>.png` and `<name>.svg`: the share of each true class.

    Args:
        context: where to, and the mark.
        name: of the files.
        matrix: of `confusion_matrix`.
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
