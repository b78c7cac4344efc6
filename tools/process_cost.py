"""What a process and its children cost: time, processor time, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import typer


@dataclass(frozen=True)
class Cost:
    """Of one call.

    Attributes:
        seconds: that passed.
        cpu: processor seconds, children included.
        megabytes: highest sum of `VmHWM` over the processes that ran at one time;
            pages that they share count more than once.
    """

    seconds: float
    cpu: float
    megabytes: float


def run_measured(arguments: list[str], every: float = 0.05) -> Cost:
    """Runs Python with `arguments` in a fresh process.

    Args:
        arguments: after the interpreter.
        every: seconds between two looks at the memory.
    """
    start, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=subprocess.STDOUT
        )
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, tree_megabytes(process.pid))
            time.sleep(every)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log.seek(0)
            said = log.read().decode(errors="replace")[-2000:]
            raise typer.BadParameter(f"{' '.join(arguments)} failed:\n{said}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, peak)


def tree_megabytes(pid: int) -> float:
    """`VmHWM` of a process and of those below it that still run."""
    return peak_megabytes(pid) + sum(map(tree_megabytes, children_of(pid)))


def peak_megabytes(pid: int) -> float:
    """`VmHWM` of one process; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if "VmHWM" in line]
    return int(lines[0][1]) / 1024 if lines else 0.0


def children_of(pid: int) -> list[int]:
    """The processes that one started and that still run; none where it has ended."""
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (OSError, ValueError):
        return []
