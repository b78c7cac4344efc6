"""Damaged pictures and videos through the worker processes of `fakeloc detect`.

python tools/fuzz_detect.py --count 2000 --seed 1 --keep DIR

An embedded portrait in every format, damaged at random, goes through `finding.find_job`
in real `workers.Workers`. A file may be read or refused; a worker that dies or that is
given up is a finding, and its file is kept.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import fuzz_seeds
import typer
from process_cost import peak_megabytes
from rich.console import Console
from rich.table import Table

from fakeloc_tf.inference.finding import FileFacts, FoundFrame, find_job
from fakeloc_tf.inference.inputs import kind_of
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import Message, Workers

SETTINGS = Settings(fps=4.0, face_side=320, max_seconds=60.0, margin=1.3, crop_size=64)
# What `workers` says of a process that died or was killed, and of Python's own faults:
# an error that no decoder meant for people.
_DEATH = re.compile(r"broke the decoder|ended the decoder|takes longer than")
_ODD = re.compile(r"^\w+(Error|Exception|Warning): |needs more memory")


@dataclass
class _Tally:
    """What came of all inputs."""

    statuses: Counter[str] = field(default_factory=Counter)
    by_suffix: dict[str, Counter[str]] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)

    def add(self, file: Path, status: str, seconds: float) -> None:
        self.statuses[status] += 1
        self.by_suffix.setdefault(file.suffix, Counter())[status] += 1
        self.slowest = sorted([*self.slowest, (seconds, file.name)])[-5:]


@dataclass
class _Job:
    """One input on its way."""

    file: Path
    began: float
    frames: int = 0
    faces: int = 0
    refused: bool = False


class _Fuzzer:
    """Keeps every worker busy until all inputs are done."""

    def __init__(self, seed: int, keep: Path, folder: Path) -> None:
        self.tally = _Tally()
        self._chance = random.Random(seed)
        self._seed = seed
        self._keep = keep
        self._folder = folder
        self._seeds = fuzz_seeds.make_seeds(folder)
        self._jobs: dict[int, _Job] = {}

    def run(self, count: int, seconds: float, pool: Workers) -> None:
        """Gives out `count` inputs, or fewer where the time is over."""
        end, number = time.monotonic() + seconds, 0
        while number < count and time.monotonic() < end or self._jobs:
            while pool.idle and number < count and time.monotonic() < end:
                self._start(number, pool)
                number += 1
            if not self._jobs:
                return
            message = pool.get()
            if message is not None:
                self._take(message)
            self._measure(pool)

    def _start(self, number: int, pool: Workers) -> None:
        suffix, data = fuzz_seeds.mutant(self._seeds, self._chance)
        file = self._folder / f"{self._seed}-{number}{suffix}"
        file.write_bytes(data)
        self._jobs[number] = _Job(file, time.monotonic())
        pool.start(number, find_job, file, kind_of(file), SETTINGS)

    def _take(self, message: Message) -> None:
        job = self._jobs[message.key]
        if isinstance(message.content, FoundFrame):
            job.frames += 1
            job.faces += len(message.content.faces)
        elif isinstance(message.content, FileFacts):
            job.refused = job.refused or "status" in message.content.row
        if not message.done:
            return
        del self._jobs[message.key]
        error, status = message.error, "read, with faces"
        if error and _DEATH.search(error):
            status = error
        elif error and _ODD.search(error):
            status = "odd: " + error[:60]
        elif error:
            status = "refused"
        elif not job.faces:
            status = "read, no face" if job.frames else "read, no frame"
        self.tally.add(job.file, status, time.monotonic() - job.began)
        if status not in ("refused", "read, with faces", "read, no face"):
            self._keep.mkdir(parents=True, exist_ok=True)
            job.file.replace(self._keep / job.file.name)
            self.tally.kept.append(f"{job.file.name}: {error or status}")
        else:
            job.file.unlink()

    def _measure(self, pool: Workers) -> None:
        """Peak memory of each process that lived."""
        for worker in pool._workers:
            if worker.process.pid is not None:
                peak = int(peak_megabytes(worker.process.pid))
                self.tally.peaks[worker.process.pid] = max(
                    peak, self.tally.peaks.get(worker.process.pid, 0)
                )


def fuzz(
    count: Annotated[int, typer.Option(help="inputs")] = 1000,
    seed: Annotated[int, typer.Option(help="the same inputs for the same seed")] = 0,
    minutes: Annotated[float, typer.Option(help="then it ends, whatever is left")] = 60,
    stall: Annotated[float, typer.Option(help="seconds until one is given up")] = 30.0,
    workers: Annotated[int, typer.Option(help="processes")] = 2,
    keep: Annotated[Path, typer.Option(help="folder of inputs with a finding")] = Path(
        "fuzz_findings"
    ),
) -> None:
    """Prints what came of the inputs; exit status 1 where a worker died."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Workers(workers, stall) as pool:
        fuzzer = _Fuzzer(seed, keep, Path(folder))
        fuzzer.run(count, 60 * minutes, pool)
    _print(fuzzer.tally, time.monotonic() - start)
    if any(_DEATH.search(status) for status in fuzzer.tally.statuses):
        raise typer.Exit(1)


def _print(tally: _Tally, seconds: float) -> None:
    console, total = Console(soft_wrap=True), sum(tally.statuses.values())
    table = Table("what came of it", "inputs", "by suffix")
    for status, number in tally.statuses.most_common():
        parts = [f"{s} {c[status]}" for s, c in sorted(tally.by_suffix.items())]
        table.add_row(status, f"{number:,}", ", ".join(parts))
    console.print(table)
    deaths = sum(n for s, n in tally.statuses.items() if _DEATH.search(s))
    console.print(
        f"{total:,} inputs in {seconds:.0f} s; {deaths} worker deaths; slowest "
        + ", ".join(f"{s:.1f} s {name}" for s, name in reversed(tally.slowest))
    )
    peaks = sorted(tally.peaks.values())[-5:]
    console.print(f"peak memory of a worker: {max(peaks, default=0)} MB")
    for line in tally.kept[:50]:
        console.print(f"  kept: {line}", markup=False)


if __name__ == "__main__":
    typer.run(fuzz)
