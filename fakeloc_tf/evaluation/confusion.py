"""Counts of faces by what they are and what they are called."""

from __future__ import annotations

import pandas as pd

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.predictions import METHOD_PREFIX

REAL, FAKE = "called real", "called fake"


def binary_matrix(rows: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """int [methods, 2]: faces of a method that are called real, and fake.

    The real faces come first, then the methods by name.
    """
    called = (rows["probability"] >= threshold).map({False: REAL, True: FAKE})
    matrix = pd.crosstab([rows["label"], rows["method"]], called)
    return matrix.droplevel(0).reindex(columns=[REAL, FAKE], fill_value=0)


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
