"""How far a preparation is, seen from outside the workers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_log = logging.getLogger(__name__)
_LOG_EVERY_SECONDS = 15.0


@contextmanager
def show_progress(parts: Path, total: int) -> Iterator[None]:
    """Shows how many of `total` sources are finished in the folder `parts`.

    A bar on a terminal, else a line of the log every quarter of a minute. Counting
    files works with every runner, in one process or many.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TimeRemainingColumn,
    )

    done = threading.Event()
    console = Console(stderr=True)
    columns = ("files", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("files", total=total)

        def watch() -> None:
            logged = time.monotonic()
            while not done.wait(1.0):
                finished = sum(1 for _ in parts.glob("*.json"))
                if finished:
                    bar.update(task, completed=finished)
                if bar.disable and time.monotonic() - logged > _LOG_EVERY_SECONDS:
                    _log.info("%d of %d files", finished, total)
                    logged = time.monotonic()

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
            bar.update(task, completed=total)
        finally:
            done.set()
            watcher.join()
