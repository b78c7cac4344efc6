"""Trains and evaluates the rows of the study one after another; goes on when stopped.

RUNS/
    xception-seed0/            the run, with evaluation/test/metrics.json
    logs/xception-seed0.log    what its processes said
    notes/xception-seed0.json  what is done, in how many seconds, where
"""

from __future__ import annotations

import fcntl
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from study_jobs import STAGES, Job, Note
from study_rows import ROOT, check_budgets, resolve

from fakeloc_tf.config import load
from fakeloc_tf.errors import FakelocError

# Seconds between two looks at a process; the time spent is noted as often.
LOOK_EVERY = 10.0
# Starts a command, its output appended to a file; calls the function now and then.
Launch = Callable[[Sequence[str], Path, Callable[[], None]], int]


def check_jobs(jobs: Sequence[Job]) -> None:
    """Fails before the first of them is trained.

    Raises:
        FakelocError: a config is wrong, budgets differ, or a finished run has other
            settings.
    """
    check_budgets({job.row: resolve(job.row, job.overrides) for job in jobs})
    for job in jobs:
        config = job.run / "config.yaml"
        if not config.exists():
            continue
        if load(config) != resolve(job.row, job.overrides):
            raise FakelocError(
                f"{job.run} was started with other settings; choose another --out"
            )


def run_jobs(jobs: Sequence[Job], console: Console, launch: Launch) -> list[str]:
    """Runs what is not done; a job that fails does not stop those after it.

    Returns:
        Names of the jobs that failed.
    """
    failed = []
    for number, job in enumerate(jobs, start=1):
        note = Note(job)
        if all(map(note.done, STAGES)):
            console.print(f"{number} of {len(jobs)}: {job.name} is done")
            continue
        console.print(f"{number} of {len(jobs)}: {job.name}, log in {job.log}")
        if not all(_run_stage(job, stage, note, console, launch) for stage in STAGES):
            failed.append(job.name)
            continue
        console.print(f"  {note.seconds / 60:.1f} minutes; {time_left(jobs[number:])}")
    return failed


def _run_stage(
    job: Job, stage: str, note: Note, console: Console, launch: Launch
) -> bool:
    """Runs a stage unless it is done; False if it failed."""
    if note.done(stage):
        return True
    before = time.monotonic()

    def spend() -> None:
        nonlocal before
        now = time.monotonic()
        note.spend(stage, now - before)
        before = now

    try:
        status = launch(job.command(stage), job.log, spend)
    finally:
        spend()
    if status:
        console.print(f"  {stage} failed with status {status}:")
        console.print("\n".join(_last_lines(job.log)), markup=False)
        return False
    note.finish(stage)
    return True


def time_left(jobs: Sequence[Job]) -> str:
    """In words, from the mean time of the jobs that are done."""
    waiting = [job for job in jobs if not all(map(Note(job).done, STAGES))]
    if not waiting:
        return "none left"
    notes = (waiting[0].out / "notes").glob("*.json")
    facts = [json.loads(path.read_text("utf-8")) for path in notes]
    times = [
        sum(fact["seconds"].values())
        for fact in facts
        if set(STAGES) <= set(fact["done"])
    ]
    hours = len(waiting) * sum(times) / max(len(times), 1) / 3600
    return f"{len(waiting)} left, about {hours:.1f} hours"


def _last_lines(log: Path, count: int = 8) -> list[str]:
    """The end of a log."""
    if not log.exists():
        return []
    return log.read_text("utf-8", errors="replace").splitlines()[-count:]


@contextmanager
def launcher(out: Path) -> Iterator[Launch]:
    """Yields what starts the processes, while nobody else works in `out`.

    Raises:
        FakelocError: another study, or a process that one has left, works there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FakelocError(f"another process works in {out}") from error

        def launch(
            command: Sequence[str], log: Path, now_and_then: Callable[[], None]
        ) -> int:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("a", encoding="utf-8") as output:
                output.write(f"$ {' '.join(command)}\n")
                output.flush()
                process = subprocess.Popen(
                    command,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=ROOT,
                    # Held by the child, too: a study that is killed may leave it.
                    pass_fds=(lock.fileno(),),
                )
                return _wait(process, now_and_then)

        yield launch


def _wait(process: subprocess.Popen[bytes], now_and_then: Callable[[], None]) -> int:
    """Waits for the end of a process, and ends it if this one is stopped."""
    try:
        while True:
            try:
                return process.wait(LOOK_EVERY)
            except subprocess.TimeoutExpired:
                now_and_then()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
