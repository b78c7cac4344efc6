"""How far a measurement is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fakeloc_tf.evaluation.robustness.results import Cell

log = logging.getLogger(__name__)


@contextmanager
def show_progress(
    levels: int, faces: int
) -> Iterator[tuple[Callable[[Cell], None], Callable[[int], None]]]:
    """A bar on a terminal with the time left, else a line of the log a level.

    Yields:
        A function for the start of a level and one for scored faces.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task("faces", total=levels * faces)
        started = 0

        def start(cell: Cell) -> None:
            nonlocal started
            started += 1
            name = f"{cell.corruption} {cell.level}" if cell.level else cell.corruption
            bar.update(task, description=name)
            if bar.disable:
                log.info("%s: %d of %d levels", name, started, levels)

        yield start, lambda count: bar.advance(task, count)
