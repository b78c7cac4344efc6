"""`summary.json`: what became of the files, and how fast."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from fakeloc_tf.files import write_text
from pipelines.scoring.schemas import BAD_FOLDER, FILES_FOLDER

SUMMARY = "summary.json"
# What a file in the folder of bad ones is.
BAD = ("unreadable", "unsupported")


@dataclass(frozen=True)
class ThisRun:
    """What one call did.

    Attributes:
        files: that it looked at; 0 = all were done before.
        seconds: that it took, start-up included.
    """

    files: int
    seconds: float


def sum_up(out: Path, this_run: ThisRun) -> dict[str, Any]:
    """Counts the rows and writes `summary.json`.

    Args:
        out: the output folder.
        this_run: what this call did.
    """
    statuses: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    faces, seconds = 0, 0.0
    for row in _rows(out / FILES_FOLDER, ["status", "verdict", "faces", "seconds"]):
        statuses[row["status"]] += 1
        faces += row["faces"]
        seconds += row["seconds"]
        if row["verdict"] is not None:
            verdicts[row["verdict"]] += 1
    for row in _rows(out / BAD_FOLDER, ["status", "seconds"]):
        statuses[row["status"]] += 1
        seconds += row["seconds"]
    found = {
        "files": statuses.total(),
        "statuses": dict(statuses.most_common()),
        "verdicts": dict(verdicts.most_common()),
        "faces": faces,
        # Of all calls, in the processes that read; scoring comes on top.
        "seconds_of_reading": round(seconds, 1),
    }
    if this_run.files:
        found["last_run"] = {
            "files": this_run.files,
            "seconds": round(this_run.seconds, 3),
            "files_per_hour": round(3600 * this_run.files / this_run.seconds),
        }
    elif last := _last_run(out):
        found["last_run"] = last
    write_text(out / SUMMARY, json.dumps(found, indent=1) + "\n")
    return found


def _last_run(out: Path) -> dict[str, Any] | None:
    """As the summary has it; a call that was killed before its summary left none."""
    try:
        return json.loads((out / SUMMARY).read_text("utf-8")).get("last_run")
    except FileNotFoundError:
        return None


def tell(summary: dict[str, Any], out: Path) -> int:
    """Prints the summary; how many files could not be looked at."""
    for counts in (summary["statuses"], summary["verdicts"]):
        if counts:
            _say(", ".join(f"{n:,} {k.replace('_', ' ')}" for k, n in counts.items()))
    _say(f"{summary['faces']:,} faces in {summary['files']:,} files: {out}")
    if last := summary.get("last_run"):
        _say(
            f"last run: {last['files']:,} files in {last['seconds']:,.1f} s, "
            f"{last['files_per_hour']:,} files an hour"
        )
    bad = sum(summary["statuses"].get(name, 0) for name in BAD)
    if bad:
        _say(f"{bad:,} files could not be looked at; why, is in {out / BAD_FOLDER}")
    return bad


def _say(line: str) -> None:
    """A line for people, as it is."""
    from rich.console import Console
    from rich.markup import escape

    Console(soft_wrap=True, highlight=False).print(escape(line))


def _rows(folder: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Rows of all parts, a batch at a time."""
    for batch in ds.dataset(folder, format="parquet").to_batches(columns=columns):
        yield from batch.to_pylist()
