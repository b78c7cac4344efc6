"""Table V: five-way recall, with the confusion matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from fakeloc_tf.evaluation.confusion import confusion_matrix
from fakeloc_tf.evaluation.paper.evaluations import evaluate_once
from fakeloc_tf.evaluation.paper.experiments import QUALITIES, run_name
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables.comparison import there
from fakeloc_tf.evaluation.paper.tables.confusion import draw
from fakeloc_tf.evaluation.paper.tables.page import marked, write_table
from fakeloc_tf.evaluation.tables import markdown_rows
from fakeloc_tf.files import write_text

TITLE = "Table V: which manipulation it is"
LEGEND = (
    "Recall: share of the test faces of a class whose most probable class is the true "
    "one; `mean` counts every class alike. Chance is one over the number of classes."
)


def make(context: Context) -> list[Path]:
    """Writes recall by class, and for each quality the confusion matrix."""
    rows: list[dict[str, Any]] = []
    files, pages = [], []
    for quality in there(context, ["five_way"]):
        run = context.runs[run_name("five_way", quality)]
        found = evaluate_once(run, context.records[quality], quality)
        matrix = confusion_matrix(found.rows)
        rows += _recalls(matrix, quality)
        title = f"Confusion matrix, {context.mark or 'FF++'} {quality}"
        name = f"table5_confusion_{quality}"
        files += draw(context, name, matrix, title)
        counts = matrix.rename_axis("true class").reset_index()
        write_text(
            context.out / f"{name}.csv", marked(context, counts).to_csv(index=False)
        )
        files.append(context.out / f"{name}.csv")
        about = "Rows: true class; columns: most probable class; faces."
        picture = f"![{title}]({name}.png)"
        pages.append(f"## {title}\n\n{markdown_rows(counts)}\n{about}\n\n{picture}")
    notes = [LEGEND, paper_note("table5")]
    table = pd.DataFrame(rows)
    more = "\n\n".join(pages)
    return [*write_table(context, "table5", TITLE, table, notes, more), *files]


def _recalls(matrix: pd.DataFrame, quality: str) -> list[dict[str, Any]]:
    """Recall of every class, and their mean."""
    faces = matrix.sum(axis=1)
    recalls = {name: matrix.loc[name, name] / faces[name] for name in matrix.index}
    recalls["mean"] = sum(recalls.values()) / len(recalls)
    return [
        {
            "quality": quality,
            "method": name,
            "faces": int(faces.get(name, faces.sum())),
            "recall": float(recall),
            "paper_recall": paper_value("table5", name, quality, "recall"),
        }
        for name, recall in recalls.items()
    ]


TABLE5 = Item(TITLE, ("five_way",), QUALITIES, make)
