"""Many files through workers and model: batches reach across faces, frames and files.

Workers read the files, find the faces and cut them out; here the model scores them;
workers draw what was found. While one file is drawn, the next is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector, FaceScores
from fakeloc_tf.inference.file_rows import FileRow
from fakeloc_tf.inference.finding import FileFacts, FoundFrame, find_job
from fakeloc_tf.inference.identity import file_identity
from fakeloc_tf.inference.inputs import InputFile, valid_text
from fakeloc_tf.inference.marking import Marked, mark_job
from fakeloc_tf.inference.outputs import Outputs, Row
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import Message, Workers

READ = ("ok", "no_face", "too_small")
# Of a video's time, what goes to finding and scoring; the rest draws the overlay.
FINDING_SHARE = 0.6
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
    yield from _Run(detector, outputs, settings, workers, on_progress).rows(files)


@dataclass(eq=False)
class _Work:
    """One file on its way.

    Attributes:
        waiting: frames whose faces the model has not scored yet.
        ended: whether the worker has found all faces.
        drawn: share of the overlay that is done.
        to_draw: the row, once nothing but the overlay is missing.
    """

    row: FileRow
    waiting: int = 0
    ended: bool = False
    drawn: float = 0.0
    to_draw: Row | None = None


@dataclass
class _Batch:
    """Frames that wait for the model, in the order of each file."""

    frames: list[tuple[_Work, FoundFrame]] = field(default_factory=list)
    faces: int = 0


class _Run:
    """The state of one call."""

    def __init__(
        self,
        detector: Detector,
        outputs: Outputs | None,
        settings: Settings,
        workers: Workers,
        on_progress: Callable[[float], None],
    ) -> None:
        self._detector = detector
        self._outputs = outputs
        self._settings = settings
        self._workers = workers
        self._on_progress = on_progress
        self._work: dict[int, _Work] = {}
        self._drawings: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._batch = _Batch()
        self._finished = 0

    def rows(self, files: Sequence[InputFile]) -> Iterator[Row]:
        """Rows as the files are finished; a stop takes half-done pictures back."""
        to_find = deque(enumerate(files))
        try:
            while to_find or self._work:
                self._hand_out(to_find)
                # Without a message at hand the model takes what waits, if little.
                wait = 0.0 if self._batch.frames else PROGRESS_SECONDS
                message = self._workers.get(wait)
                if message is not None:
                    yield from self._take(message)
                if message is None or self._batch.faces >= self._detector.batch_size:
                    yield from self._score()
                partly = sum(self._share(work) for work in self._work.values())
                self._on_progress(self._finished + partly)
        finally:
            for work in self._work.values():
                self._discard(work)

    def _hand_out(self, to_find: deque[tuple[int, InputFile]]) -> None:
        """Gives every idle worker a job; drawings first: they end files."""
        while self._workers.idle and (self._drawings or to_find):
            if self._drawings:
                key, job = self._drawings.popleft()
                self._workers.start(key, mark_job, *job)
                continue
            key, item = to_find.popleft()
            self._work[key] = _Work(FileRow(item, self._detector.info, self._outputs))
            self._workers.start(key, find_job, item.path, item.kind, self._settings)

    def _take(self, message: Message) -> Iterator[Row]:
        """What a worker says."""
        key, content = message.key, message.content
        work = self._work[key]
        if isinstance(content, FileFacts):
            work.row.set_facts(content)
        elif isinstance(content, FoundFrame):
            work.waiting += 1
            self._batch.frames.append((work, content))
            self._batch.faces += len(content.faces)
        elif isinstance(content, Marked):
            work.drawn = content.share
            if content.share == 1.0:
                work.row.set_drawn(content.evidence, content.notes)
        if message.error is not None:
            yield self._fail(key, message.error)
        elif message.done and work.to_draw is not None:
            yield self._end(work.to_draw, key)
        elif message.done:
            work.ended = True
            yield from self._conclude(key)

    def _score(self) -> Iterator[Row]:
        """Scores all that waits, then ends the files that are complete."""
        batch, self._batch = self._batch, _Batch()
        crops = [face.crop_uint8 for _, frame in batch.frames for face in frame.faces]
        scores = self._detector.detect_faces(np.stack(crops)) if crops else None
        at = 0
        for work, frame in batch.frames:
            count = len(frame.faces)
            work.row.add(frame, _part(scores, at, count))
            work.waiting -= 1
            at += count
        for key in list(self._work):
            yield from self._conclude(key)

    def _conclude(self, key: int) -> Iterator[Row]:
        """Sums a file up, once all of its faces are scored."""
        work = self._work[key]
        if not work.ended or work.waiting or work.to_draw is not None:
            return
        row, shown = work.row.finish()
        if self._outputs is None or row["status"] != "ok":
            yield self._end(row, key)
            return
        work.to_draw = row
        path, folder = work.row.item.path, self._outputs.folder
        self._drawings.append((key, (path, folder, row, shown, self._settings)))

    def _fail(self, key: int, reason: str) -> Row:
        """Ends a file that could not be read; takes its pictures back."""
        work = self._work[key]
        self._batch.frames = [
            pair for pair in self._batch.frames if pair[0] is not work
        ]
        self._batch.faces = sum(len(frame.faces) for _, frame in self._batch.frames)
        self._discard(work)
        return self._end(work.row.failed("unreadable", valid_text(reason)), key)

    def _discard(self, work: _Work) -> None:
        """Removes the pictures of an unfinished file."""
        if self._outputs is not None:
            self._outputs.discard(work.row.item.name)

    def _end(self, row: Row, key: int) -> Row:
        """Writes the row of a file."""
        del self._work[key]
        if self._outputs is not None:
            self._outputs.append(row)
        self._finished += 1
        return row

    @staticmethod
    def _share(work: _Work) -> float:
        """How much of a file is done, 0..1."""
        return FINDING_SHARE * work.row.share + (1 - FINDING_SHARE) * work.drawn


def _part(scores: FaceScores | None, at: int, count: int) -> FaceScores | None:
    """The scores of `count` faces from `at` on."""
    if scores is None or not count:
        return None
    methods = scores.method_probabilities
    part = slice(at, at + count)
    return FaceScores(
        probability=scores.probability[part],
        localization=scores.localization[part],
        method_probabilities=None if methods is None else methods[part],
    )
