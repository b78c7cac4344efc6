"""The results of the study as tables: Markdown and CSV, every sentence computed."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
from run_files import commit_of, read_json
from study_jobs import SPLIT, STAGES
from study_rows import ROWS, TABLES

from fakeloc_tf.config import Config, load
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.seeds import Difference, difference, over_seeds
from fakeloc_tf.evaluation.tables import COMPARED as METRICS
from fakeloc_tf.evaluation.tables import markdown_table
from fakeloc_tf.files import write_text

AUC, IOU = "frame_auc", "iou_image_fakes"
ACCURACY = "frame_accuracy_at_validation_threshold"
TITLES = ("AUC", "Accuracy", "IoU", "IoU of the fixed mask", "Gain")
# What the rows of a table are compared in, and the pairs that differ in one module.
COMPARED = {"VII": (AUC,), "VIII": (AUC, IOU)}
ADDED = {
    "VII": (
        ("xception", "noise"),
        ("xception", "semantic"),
        ("noise", "all"),
        ("semantic", "all"),
    ),
    "VIII": (("deep", "middle_deep"), ("middle_deep", "all")),
}
LEGEND = (
    "Faces of the test split. Mean (lowest to highest) over the seeds. Accuracy: at "
    "the threshold chosen on validation. IoU: threshold 0.5, mean per image over the "
    "fakes; fixed mask: the same of the constant mean training mask; gain: IoU above "
    "it. Paper: its AUC on FaceForensics++, which was not at hand."
)
# What is the same in all runs that are compared.
SAME = ("image_size", "passes", "batch_size", "learning_rate", "weights")
CAPTIONS = {
    "VII": "Table VII: noise and segmentation added to the backbone",
    "VIII": "Table VIII: taps that have heads",
}


def collect(out: Path) -> pd.DataFrame:
    """A line a finished run: row, seed, metrics, and what it was trained with.

    Args:
        out: folder of `study.py run`.

    Raises:
        FakelocError: there is no finished run, or they differ in more than their rows.
    """
    lines = []
    for path in sorted((out / "notes").glob("*.json")):
        note = json.loads(path.read_text("utf-8"))
        if not set(STAGES) <= set(note["done"]):
            continue
        run = out / path.stem
        metrics = read_json(run / "evaluation" / SPLIT / "metrics.json")
        config = load(run / "config.yaml")
        # Without semantic heads there is no localisation, whatever a file says.
        known = METRICS if "semantic" in config.model.heads else (AUC, ACCURACY)
        lines.append(
            {"row": note["row"], "seed": note["seed"]}
            | {name: metrics.get(name) if name in known else None for name in METRICS}
            | _circumstances(config, note)
            | {"commit": commit_of(run)}
        )
    if not lines:
        raise FakelocError(f"{out} has no finished run; see `study.py run --help`")
    runs = pd.DataFrame(lines)
    for column in SAME:
        if len(found := sorted(set(runs[column]))) > 1:
            raise FakelocError(f"{out}: runs with {column} {found} cannot be compared")
    runs[list(METRICS)] = runs[list(METRICS)].astype(float)
    return runs


def _circumstances(config: Config, note: dict[str, Any]) -> dict[str, Any]:
    """What must be the same in all runs, and what they took."""
    training = config.training
    return {
        "image_size": config.model.image_size,
        "passes": config.passes,
        "batch_size": training.batch_size,
        "learning_rate": training.step2.learning_rate,
        # The name of the file: its folder says nothing about the result.
        "weights": Path(config.model.backbone.weights).name,
        "hours": sum(note["seconds"].values()) / 3600,
        "cores": note["cores"],
        "machine": note["machine"],
        "date": note["date"],
    }


def write(out: Path, folder: Path) -> str:
    """Writes `study.md`, `study.csv` (a line a row) and `study_runs.csv`.

    Args:
        out: folder of `study.py run`.
        folder: for the tables.

    Returns:
        The Markdown.
    """
    runs = collect(out)
    table = over_seeds(runs, "row", METRICS, list(ROWS))
    text = markdown(runs, table, read_json(out / "study.json"))
    write_text(folder / "study.md", text)
    write_text(folder / "study.csv", table.to_csv(float_format="%.5f"))
    write_text(folder / "study_runs.csv", runs.to_csv(index=False, float_format="%.5f"))
    return text


def markdown(runs: pd.DataFrame, table: pd.DataFrame, study: dict[str, Any]) -> str:
    """The whole page.

    Args:
        runs: of `collect`.
        table: of `over_seeds`.
        study: what `study.py run` noted of data and command.
    """
    parts = [_head(runs, study)]
    for name, rows in TABLES.items():
        parts += [f"## {CAPTIONS[name]}", _table(table, rows), _verdict(runs, name)]
    return "\n\n".join(parts) + "\n"


def _head(runs: pd.DataFrame, study: dict[str, Any]) -> str:
    """What was done, where and when."""
    faces, first = study["faces"], runs.iloc[0]

    def values(column: str) -> str:
        return " and ".join(sorted(set(runs[column].astype(str))))

    what = (
        f"Not a result on FaceForensics++: {sum(faces.values()):,} face crops of DFDC "
        f"({study['dataset']}; {faces['train']:,} to train, {faces['val']:,} to "
        f"validate, {faces['test']:,} to test, no actor in two of them) at "
        f"{first.image_size} pixels, {first.passes} passes over the training faces for "
        f"every row, batch {first.batch_size}, learning rate {first.learning_rate}, "
        f"weights of the backbone: {first.weights}."
    )
    wanted = len(study["rows"]) * len(study["seeds"])
    if len(runs) < wanted:
        what += f" **Unfinished: {len(runs)} of {wanted} runs.**"
    where = (
        f"{values('date')}; {len(runs)} runs in {runs['hours'].sum():.1f} hours on "
        f"{values('cores')} CPU cores ({values('machine')}); commit "
        f"{values('commit')}. {LEGEND}"
    )
    title = "# A small study of the paper's claim"
    command = f"    {study['command']}"
    return "\n\n".join([title, _fill(what), command, _fill(where)])


def _fill(text: str) -> str:
    """A paragraph of lines that are not too long."""
    return textwrap.fill(text, 88, break_on_hyphens=False)


def _table(table: pd.DataFrame, rows: tuple[str, ...]) -> str:
    """The rows of one table of the paper; a dash where there is nothing."""
    lines = [["Row", "Runs", *TITLES, "Paper"]]
    for row in rows:
        known = row in table.index
        cells = [_cell(table.loc[row], metric) if known else "–" for metric in METRICS]
        lines.append(
            [ROWS[row], str(table.loc[row, "runs"] if known else 0), *cells, "–"]
        )
    return markdown_table(lines).rstrip()


def _cell(line: pd.Series, metric: str) -> str:
    """Mean (lowest to highest)."""
    mean, low, high = (line[f"{metric}_{what}"] for what in ("mean", "min", "max"))
    if pd.isna(mean):
        return "–"
    if line["runs"] == 1 or low == high:
        return f"{mean:.3f}"
    return f"{mean:.3f} ({low:.3f} to {high:.3f})"


def _verdict(runs: pd.DataFrame, name: str) -> str:
    """Whether the order holds, and what each module adds."""
    paragraphs = []
    for metric in COMPARED[name]:
        title = TITLES[METRICS.index(metric)]
        paragraphs.append(_order(runs, name, metric, title))
        found = [difference(runs, "row", metric, *pair) for pair in ADDED[name]]
        paragraphs.append("\n".join(_change(one, title) for one in found if one))
    return "\n\n".join(filter(None, paragraphs))


def _order(runs: pd.DataFrame, name: str, metric: str, title: str) -> str:
    """Whether the means rise from row to row."""
    rows = TABLES[name]
    wanted = " < ".join(ROWS[row] for row in rows)
    steps = [
        difference(runs, "row", metric, *pair)
        for pair in zip(rows, rows[1:], strict=False)
    ]
    known = [step for step in steps if step is not None]
    if len(known) < len(steps):
        return f"**Order by {title}** ({wanted}): not decided, rows are missing."
    holds = all(step.means > 0 for step in known)
    clear = sum(step.means > 0 and bool(step.exceeds_spread) for step in known)
    return (
        f"**Order by {title}** ({wanted}): {'holds' if holds else 'does not hold'} in "
        f"the means; {clear} of its {len(known)} steps exceed the spread over seeds."
    )


def _change(change: Difference, title: str) -> str:
    """One line about what a module adds."""
    spread = {
        True: "more than the spread over seeds",
        False: "within the spread over seeds",
        None: "the spread over seeds is not known",
    }[change.exceeds_spread]
    return (
        f"- {ROWS[change.lower]} → {ROWS[change.higher]}: {title} "
        f"{change.means:+.3f}, {spread}"
    )
