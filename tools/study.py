"""The small study of Tables VII and VIII on face crops of DFDC: data, runs, tables.

python tools/study.py prepare --input CROPS --out RECORDS
python tools/study.py run --data RECORDS --backbone-weights PATH --out RUNS --seeds 0,1
python tools/study.py table --out RUNS
"""

from __future__ import annotations

import csv
import json
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from study_rows import CONFIGS, ROWS, epoch_overrides

from fakeloc_tf import cli
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text

# First part of DFDC's training set, whose parts share no actors, of each split.
FIRST_PARTS = {"test": 30, "val": 25, "train": 0}


def split_of_part(part: int, first_parts: Mapping[str, int] = FIRST_PARTS) -> str:
    """The split of a part of DFDC's training set; `first_parts` from last to first."""
    return next(split for split, first in first_parts.items() if part >= first)


def identities(folder: Path) -> list[tuple[str, str, str]]:
    """(file, identity, split) of every picture that `pairs.csv` names.

    The part stands for the person: who is who in it is not known, but no actor is in
    two of them.

    Args:
        folder: with real/, fake/ and pairs.csv (fake,real,dfdc_part).

    Raises:
        FakelocError: the table cannot be read, or does not name every picture.
    """
    from pipelines.tables import read_table

    table = folder / "pairs.csv"
    columns = ("fake", "real", "dfdc_part")
    people = {}
    for row in read_table(table, columns, ",".join(columns)):
        part = int(row["dfdc_part"])
        for kind in ("real", "fake"):
            file = f"{kind}/{row[kind]}"
            person = (f"dfdc_part_{part:02d}", split_of_part(part))
            if people.setdefault(file, person) != person:
                raise FakelocError(f"{table}: {file} is in two parts")
    for kind in ("real", "fake"):
        for path in sorted((folder / kind).iterdir()):
            # It would be put into a split by the hash of its name.
            if f"{kind}/{path.name}" not in people:
                raise FakelocError(f"{table} does not name {kind}/{path.name}")
    return [(file, *person) for file, person in people.items()]


def prepare(
    input: Annotated[Path, typer.Option(help="real/, fake/, masks/, pairs.csv")],
    out: Annotated[Path, typer.Option(help="new folder for the records")],
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> int:
    """Face crops of DFDC and their pairs to records, split by part.

    Nothing is searched: a crop is a face already.
    """
    from pipelines import prepare as pipeline

    with tempfile.TemporaryDirectory() as folder:
        people = Path(folder) / "identities.csv"
        with people.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(("file", "identity", "split"))
            lines.writerows(identities(input))
        return pipeline.main(
            ["--input", str(input), "--out", str(out), "--layout", "folder"]
            + ["--identities", str(people), "--crop", "none", "--name", "dfdc_crops"]
            + ["--config", str(CONFIGS / "all.yaml"), "--workers", str(workers)]
        )


def run(
    data: Annotated[Path, typer.Option(help="records that `prepare` wrote")],
    out: Annotated[Path, typer.Option(help="folder for all runs")],
    backbone_weights: Annotated[
        str, typer.Option(help="imagenet | none | PATH of a .weights.h5")
    ] = "imagenet",
    seeds: Annotated[str, typer.Option(help="e.g. 0,1")] = "0,1",
    rows: Annotated[str, typer.Option(help="e.g. xception,all")] = ",".join(ROWS),
    epochs: Annotated[
        str | None, typer.Option(help="of step 1 and 2, e.g. 1,4; default: configs'")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="override for every row")
    ] = None,
) -> int:
    """Trains and evaluates every row with every seed; all rows first, then all seeds.

    The same command goes on where it was stopped; what is finished is left alone.
    """
    from study_jobs import Job
    from study_runs import check_jobs, launcher, run_jobs

    from fakeloc_tf.data.prepared import dataset_info

    info = dataset_info(data)
    given = tuple(set_ or ())
    chosen, numbers = _rows(rows), _numbers("--seeds", seeds)
    steps = _epochs(epochs)
    weights = Path(backbone_weights)
    # The processes start in the project's folder.
    file = str(weights.resolve()) if weights.is_file() else backbone_weights
    common = (f"data.records={data.resolve()}", f"model.backbone.weights={file}")
    jobs = [
        Job(
            row=row,
            seed=seed,
            out=out.resolve(),
            data=data.resolve(),
            overrides=(
                *epoch_overrides(row, steps),
                *given,
                *common,
                f"training.seed={seed}",
            ),
        )
        for seed in numbers
        for row in chosen
    ]
    check_jobs(jobs)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with launcher(out) as launch:
        note = _describe(info, chosen, numbers, epochs, given)
        write_text(out / "study.json", json.dumps(note, indent=1) + "\n")
        failed = run_jobs(jobs, Console(stderr=True, highlight=False), launch)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _describe(
    info: dict[str, Any],
    rows: list[str],
    seeds: list[int],
    epochs: str | None,
    given: tuple[str, ...],
) -> dict[str, Any]:
    """What the tables say of data and command; no path of this machine."""
    command = "python tools/study.py run --data RECORDS --backbone-weights PATH"
    command += f" --out RUNS --seeds {','.join(map(str, seeds))}"
    if rows != list(ROWS):
        command += f" --rows {','.join(rows)}"
    if epochs:
        command += f" --epochs {epochs}"
    command += "".join(f" --set {shlex.quote(value)}" for value in given)
    faces = {split: sum(of.values()) for split, of in info["counts"].items()}
    return {
        "dataset": info["name"],
        "faces": faces,
        "rows": rows,
        "seeds": seeds,
        "command": command,
    }


def table(
    out: Annotated[Path, typer.Option(help="folder of the runs")],
    to: Annotated[
        Path | None, typer.Option(help="folder for the tables; default: --out")
    ] = None,
) -> int:
    """Mean and spread of the finished runs, and whether the paper's order holds."""
    from study_report import write

    print(write(out, to or out), end="")
    return 0


def _rows(text: str) -> list[str]:
    """Names of rows."""
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in ROWS]:
        raise FakelocError(f"--rows {unknown[0]}: known are {','.join(ROWS)}")
    return names


def _numbers(option: str, text: str) -> list[int]:
    """Whole numbers parted by commas."""
    try:
        return [int(number) for number in text.split(",")]
    except ValueError as error:
        raise FakelocError(
            f"{option} must be numbers parted by commas. Received: {text!r}"
        ) from error


def _epochs(text: str | None) -> tuple[int, int] | None:
    """Epochs of both steps."""
    if text is None:
        return None
    numbers = _numbers("--epochs", text)
    if len(numbers) != 2:
        raise FakelocError(f"--epochs must be two numbers. Received: {text!r}")
    return numbers[0], numbers[1]


VERBS = {"prepare": prepare, "run": run, "table": table}


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help` of each verb."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in VERBS:
        print(f"usage: python tools/study.py {'|'.join(VERBS)} [OPTIONS]")
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    return cli.run(VERBS[argv[0]], argv[1:], prog=f"python tools/study.py {argv[0]}")


if __name__ == "__main__":
    sys.exit(main())
