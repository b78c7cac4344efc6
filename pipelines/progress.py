"""How far a preparation is, seen from outside the workers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

_log = logging.getLogger(__name__)
_LOG_EVERY_SECONDS = 15.0


@contextmanager
def show_progress(
    parts: Path, total: int, pattern: str = "*.json", what: str = "files"
) -> Iterator[None]:
    """Shows how many of `total` sources are finished in the folder `parts`.

    A bar on a terminal, else a line of the log every quarter of a minute. Counting
    files works with every runner, in one process or many.

    Args:
        parts: a file in it for each source that is finished.
        total: sources.
        pattern: of those files.
        what: a source is, for people.
    """
    done = threading.Event()
    with _bar(what) as bar:
        # What was done before says nothing of the speed.
        finished = sum(1 for _ in parts.glob(pattern))
        task = bar.add_task(what, total=total, completed=finished)

        def watch() -> None:
            logged = time.monotonic()
            while not done.wait(1.0):
                finished = sum(1 for _ in parts.glob(pattern))
                if finished:
                    bar.update(task, completed=finished)
                if bar.disable and time.monotonic() - logged > _LOG_EVERY_SECONDS:
                    _log.info("%d of %d %s", finished, total, what)
                    logged = time.monotonic()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
            bar.update(task, completed=total)
        finally:
            done.set()
            watcher.join()


def _bar(what: str) -> Progress:
    """A bar on the terminal; disabled where there is none."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
