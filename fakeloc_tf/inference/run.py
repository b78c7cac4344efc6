"""Many files through workers and model: batches reach across faces, frames and files.

Workers read the files, find the faces and cut them out; here the model scores them;
workers draw what was found. While one file is drawn, the next is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.identity import file_identity
from fakeloc_tf.inference.inputs import InputFile
from fakeloc_tf.inference.outputs import Outputs, Row
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.under_way import FilesUnderWay
from fakeloc_tf.inference.workers import Workers

READ = ("ok", "no_face", "too_small")
# `on_progress` is called as often at least: a caller may have a limit of time.
PROGRESS_SECONDS = 1.0


def is_finished(path: Path, row: Row) -> bool:
    """Whether a call that was stopped had looked at this very file.

    One that could not be read is tried again.

    Args:
        path: of the file.
        row: of that call; empty = there is none.
    """
    if row.get("status") not in (*READ, "unsupported"):
        return False
    try:
        size, modified_ns, _ = file_identity(path)
    except FakelocError:
        return False
    return (row.get("bytes"), row.get("modified_ns")) == (size, modified_ns)


def detect_files(
    detector: Detector,
    files: Sequence[InputFile],
    outputs: Outputs | None,
    settings: Settings,
    workers: Workers,
    on_progress: Callable[[float], None] = lambda done: None,
) -> Iterator[Row]:
    """Looks at every file; a bad one becomes a row with its reason.

    Args:
        detector: scores the faces.
        files: what to look at.
        outputs: where masks, overlays and rows go; None = nowhere.
        settings: for looking at a file.
        workers: that look.
        on_progress: is told how many files are done, parts of files included.

    Yields:
        The row of each file, in the order in which they are finished.
    """
    waiting = deque(files)
    with FilesUnderWay(detector, outputs, settings, workers) as under_way:
        while waiting or under_way.busy:
            while waiting and under_way.has_room:
                under_way.start(waiting.popleft())
            yield from under_way.step(PROGRESS_SECONDS)
            on_progress(under_way.done)
