"""`fakeloc reproduce`: the paper's tables and figures, with one command each."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli
from fakeloc_tf.errors import FakelocError

# What --data may name: the main data by quality, and sets that are tested on only.
QUALITIES = ("c23", "c40")
TESTED_ON = ("celebdf", "celebdf_c40")
ALL = "all"


def reproduce(
    names: Annotated[
        list[str], typer.Argument(help="table1 … table8, fig1, fig3 … fig10, or all")
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=RECORDS, repeatable; c23, c40, celebdf, celebdf_c40 (Celeb-DF "
            "prepared like c40). Default: the embedded demo."
        ),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Run folders; default runs/paper, runs/reproduce_demo."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="For the results; default reports/paper, reports/demo."),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="Train what is missing.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override of all configs: section.key=value."),
    ] = None,
) -> int:
    """Makes tables and figures of the paper from prepared data and runs."""
    from rich.console import Console

    from fakeloc_tf.evaluation.paper.catalogue import ITEMS
    from fakeloc_tf.evaluation.paper.experiments import DEMO, PAPER
    from fakeloc_tf.evaluation.paper.reproduction import Reproduction
    from fakeloc_tf.evaluation.paper.runs import Runs

    wanted = _chosen(names, list(ITEMS))
    records = _records(data or [])
    setting = PAPER if records else DEMO
    main = {name: path for name, path in records.items() if name in QUALITIES}
    if not records:
        main = {quality: DEMO.records(quality) for quality in DEMO.configs}
    where = "paper" if records else "reproduce_demo"
    reproduction = Reproduction(
        Runs(runs or Path("runs") / where, setting, main, tuple(set_ or ())),
        records | main,
        out or Path("reports") / (setting.mark or "paper"),
        train,
        _command({"data": data, "runs": runs, "out": out, "set": set_}),
    )
    console = Console(soft_wrap=True, highlight=False)
    lacking = []
    for outcome in reproduction.make(wanted):
        files = ", ".join(str(path) for path in outcome.files) or "not made"
        console.print(f"{outcome.name}: {files}", markup=False)
        if outcome.reasons:
            lacking.append(outcome)
    if lacking:
        console.print("\nNot made, or not whole:")
    for outcome in lacking:
        for reason in outcome.reasons:
            console.print(f"  {outcome.name}: {reason}", markup=False)
    return 1 if lacking else 0


def _chosen(names: list[str], known: list[str]) -> list[str]:
    """The items, each once, in the order asked for."""
    for name in names:
        if name not in (*known, ALL):
            raise FakelocError(
                f"nothing is called {name!r}; there are {', '.join(known)} and {ALL}"
            )
    return list(dict.fromkeys(known if ALL in names else names))


def _records(data: list[str]) -> dict[str, Path]:
    """Name → folder of `--data NAME=RECORDS`."""
    from fakeloc_tf.data.prepared import dataset_info

    records: dict[str, Path] = {}
    for given in data:
        name, equals, path = given.partition("=")
        if not equals or name not in (*QUALITIES, *TESTED_ON):
            raise FakelocError(
                f"--data {given}: write NAME=RECORDS with NAME one of "
                f"{', '.join((*QUALITIES, *TESTED_ON))}"
            )
        dataset_info(path)
        records[name] = Path(path)
    if records and not set(records) & set(QUALITIES):
        raise FakelocError(
            "--data names no data to train on: give c23=RECORDS, c40=RECORDS or both"
        )
    return records


def _command(options: dict[str, Path | list[str] | None]) -> str:
    """The call as the user made it, without names."""
    words = ["fakeloc", "reproduce"]
    for option, values in options.items():
        for value in values if isinstance(values, list) else [values]:
            if value is not None:
                words += [f"--{option}", str(value)]
    return shlex.join(words)


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(reproduce, argv, prog="fakeloc reproduce")


if __name__ == "__main__":
    sys.exit(main())
