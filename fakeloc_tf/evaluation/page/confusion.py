"""Which faces are taken for what: real or fake by method, and one class for another."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from fakeloc_tf.evaluation.confusion import binary_matrix, confusion_matrix
from fakeloc_tf.evaluation.predictions import METHOD_PREFIX


@dataclass(frozen=True)
class Confusion:
    """A matrix for the page.

    Attributes:
        title: what is confused.
        columns: what faces are called.
        rows: true class → (count, share of the class in 0..1) of each column.
    """

    title: str
    columns: list[str]
    rows: dict[str, list[tuple[int, float]]]


def confusions(rows: pd.DataFrame, threshold: float) -> list[Confusion]:
    """The matrices of an evaluation.

    Args:
        rows: of `evaluate_model`.
        threshold: from which probability on a face is called fake.

    Returns:
        Real or fake by method; of a five-way model its classes as well.
    """
    binary = f"Real or fake, threshold {threshold:.3f}"
    found = [_shares(binary, binary_matrix(rows, threshold))]
    if any(str(name).startswith(METHOD_PREFIX) for name in rows):
        found.append(_shares("Most probable class", confusion_matrix(rows)))
    return found


def _shares(title: str, matrix: pd.DataFrame) -> Confusion:
    """Counts with their share of the row."""
    return Confusion(
        title,
        [str(name) for name in matrix.columns],
        {
            str(name): [(int(count), count / counts.sum()) for count in counts]
            for name, counts in zip(matrix.index, matrix.to_numpy(), strict=True)
        },
    )
