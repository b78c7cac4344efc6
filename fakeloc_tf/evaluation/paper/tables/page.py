"""How a table of the paper is written: Markdown and CSV, ours and the paper's apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.evaluation.tables import TITLES, markdown_rows
from fakeloc_tf.files import write_text

PAPER_PREFIX = "paper_"
# Beside those of the evaluation's own table.
OWN_TITLES = {
    "quality": "Quality",
    "detector": "Detector",
    "frame_accuracy_at_validation_threshold": "Accuracy",
    "frame_eer": "EER",
    "auc_celebdf": "AUC Celeb-DF",
    "recall": "Recall",
    "chosen": "Chosen",
    "weights": "Weights",
    "gamma": "γ1, γ2, γ3",
    "iou_validation": "IoU validation",
    "train": "Training",
    "val": "Validation",
    "test": "Test",
}


def write_table(
    context: Context,
    name: str,
    title: str,
    table: pd.DataFrame,
    notes: Sequence[str],
    more: str = "",
) -> list[Path]:
    """Writes `<name>.md` and `<name>.csv`.

    On marked data every title of a number says so, and the paper's columns say of which
    data they are: neither can be taken for the other.

    Args:
        context: where to write; its mark.
        name: of the files.
        title: headline.
        table: text columns name the row; of the others, `paper_…` are the paper's.
        notes: paragraphs under the table; empty ones are left out.
        more: Markdown after the notes.
    """
    titles = {column: _title(table, column, context.mark) for column in table}
    shown = markdown_rows(table.rename(columns=titles))
    head = f"# {title}" + (f" ({context.mark})" if context.mark else "")
    parts = [head, _warning(context), shown.rstrip("\n"), *notes, more]
    page, data = context.out / f"{name}.md", context.out / f"{name}.csv"
    write_text(page, "\n\n".join(part for part in parts if part) + "\n")
    write_text(data, marked(context, table).to_csv(index=False, float_format="%.5f"))
    return [page, data]


def marked(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """The table with a first column that says of which data our numbers are."""
    if context.mark is None:
        return table
    table = table.copy()
    table.insert(0, "ours_is_of", context.mark)
    return table


def missing_note(context: Context, runs: Sequence[str]) -> str:
    """Which rows have a dash because there is no run."""
    absent = [run for run in runs if run not in context.runs]
    return f"No run, therefore –: {', '.join(absent)}." if absent else ""


def _warning(context: Context) -> str:
    """What a marked page says before its numbers."""
    if context.mark is None:
        return ""
    return (
        f"**{context.mark}**: our numbers are of the embedded {context.mark} set, "
        "small models and a short training. The paper's are of FaceForensics++ and "
        "Celeb-DF: the columns cannot be compared."
    )


def _title(table: pd.DataFrame, column: str, mark: str | None) -> str:
    """The title of a column; of a number, with whose it is."""
    own = column.removeprefix(PAPER_PREFIX)
    title = OWN_TITLES.get(own) or TITLES.get(own, own)
    if own != column:
        return f"Paper, FF++: {title}" if mark else f"Paper: {title}"
    number = pd.api.types.is_numeric_dtype(table[column].dtype)
    return f"{title} ({mark})" if mark and number else title
