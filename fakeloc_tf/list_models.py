"""`fakeloc models`: the shipped models, and the runs in a folder."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli

if TYPE_CHECKING:
    from rich.table import Table

    from fakeloc_tf.inference.model_list import ListedModel


def models(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Runs, or folders of runs, to list too."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON list of them.")
    ] = False,
) -> int:
    """Lists the models that --model takes by name, and the runs in FOLDERS.

    Exit status: 0 all are whole, 1 one is missing or damaged, 2 wrong call.
    """
    from rich.console import Console

    from fakeloc_tf.inference.model_list import list_models

    found = list_models(folders or [])
    if as_json:
        print(json.dumps([asdict(model) for model in found], indent=2))
    else:
        console = Console(highlight=False)
        console.print(_table(found))
        for line in _notes(found):
            console.print(line, markup=False, soft_wrap=True)
    return int(any(model.fault for model in found))


def _table(found: list[ListedModel]) -> Table:
    """A row a model."""
    from rich.markup import escape
    from rich.table import Column, Table

    columns = ("MB", "input", "trained on", "calibrated on", "AUC", "mask IoU")
    # A path that is cut cannot be given to --model.
    table = Table(Column("name", overflow="fold"), *columns)
    for model in found:
        name = f"{model.name} (default)" if model.default else model.name
        if model.fault:
            table.add_row(escape(name), "–", "–", "missing or damaged", *3 * ["–"])
            continue
        figures = (model.figures.get(key) for key in ("val_auc", "val_iou"))
        table.add_row(
            escape(name),
            f"{model.megabytes:.1f}",
            f"{model.image_size} px",
            escape(model.trained_on or "–"),
            escape(model.calibrated_on or "not calibrated"),
            *("–" if value is None else f"{value:.3f}" for value in figures),
        )
    return table


def _notes(found: list[ListedModel]) -> list[str]:
    """What a shipped model is for, where its card is, and what is wrong."""
    lines = []
    for model in found:
        if model.purpose:
            lines.append(f"{model.name}: {model.purpose}")
        if model.card:
            lines.append(f"{model.name}: its card is {model.card}")
        if model.fault:
            lines.append(f"error: {model.fault}")
    if any(model.figures for model in found):
        lines.append(
            "AUC, IoU: on the validation faces that the checkpoint was chosen on"
        )
    return lines


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(models, argv, prog="fakeloc models")


if __name__ == "__main__":
    sys.exit(main())
