"""Files on their way through the workers and the model, and how each one ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.file_rows import FileRow
from fakeloc_tf.inference.finding import FileFacts, FoundFrame, find_job
from fakeloc_tf.inference.inputs import InputFile, valid_text
from fakeloc_tf.inference.marking import Marked, mark_job
from fakeloc_tf.inference.outputs import MaskKeeper, Outputs, Row
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import Message, Workers

# Of a video's time, what goes to finding and scoring; the rest draws the overlay.
FINDING_SHARE = 0.6


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


class FilesUnderWay:
    """Files on their way through workers and model; more may come at any time.

    The caller starts files while there is room, and takes rows at each step. Left as a
    context manager, it takes the pictures of unfinished files back.
    """

    def __init__(
        self,
        detector: Detector,
        outputs: Outputs | None,
        settings: Settings,
        workers: Workers,
    ) -> None:
        """See `run.detect_files`."""
        self._detector = detector
        self._outputs = outputs
        self._settings = settings
        self._workers = workers
        self._work: dict[str, _Work] = {}
        self._drawings: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._batch = _Batch()
        self._finished = 0

    def __enter__(self) -> FilesUnderWay:
        return self

    def __exit__(self, *_: object) -> None:
        for work in self._work.values():
            self._discard(work)

    @property
    def busy(self) -> bool:
        """Whether a file is unfinished."""
        return bool(self._work)

    @property
    def has_room(self) -> bool:
        """Whether a worker is free; drawings come first: they end files."""
        return self._workers.idle > len(self._drawings)

    @property
    def done(self) -> float:
        """How many files are finished, parts of the others included."""
        return self._finished + sum(self._share(work) for work in self._work.values())

    def start(self, item: InputFile, masks: MaskKeeper | None = None) -> None:
        """Gives a file to a free worker; see `has_room`.

        Args:
            item: no other file has its name; not one that was given up either, since
                what it told may be on its way.
            masks: what keeps the maps of its faces; None = the output folder, if any.
        """
        kept = self._outputs if masks is None else masks
        row = FileRow(item, self._detector.info, kept, self._outputs is not None)
        self._work[item.name] = _Work(row)
        self._workers.start(item.name, find_job, item.path, item.kind, self._settings)

    def step(self, wait_seconds: float) -> Iterator[Row]:
        """Takes one message of the workers, or has the model score what waits.

        Args:
            wait_seconds: for a message, at most; where faces wait for the model, and
                there is no message, they are scored at once.

        Yields:
            Rows of the files that ended with it.
        """
        while self._workers.idle and self._drawings:
            name, job = self._drawings.popleft()
            self._workers.start(name, mark_job, *job)
        message = self._workers.get(0.0 if self._batch.frames else wait_seconds)
        if message is not None:
            yield from self._take(message)
        if message is None or self._batch.faces >= self._detector.batch_size:
            yield from self._score()

    def cancel(self, name: str, reason: str) -> Row | None:
        """Gives a file up, wherever it is; the others go on.

        Args:
            name: of its `InputFile`.
            reason: for its row.

        Returns:
            Its row; None where it is finished already.
        """
        if name not in self._work:
            return None
        self._workers.give_up(name)
        self._drawings = deque(pair for pair in self._drawings if pair[0] != name)
        return self._fail(name, reason)

    def _take(self, message: Message) -> Iterator[Row]:
        """What a worker says."""
        key, content = message.key, message.content
        if key not in self._work:  # given up; what it had told was on its way
            return
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
            part = scores.part(at, count) if scores and count else None
            work.row.add(frame, part)
            work.waiting -= 1
            at += count
        for key in list(self._work):
            yield from self._conclude(key)

    def _conclude(self, key: str) -> Iterator[Row]:
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

    def _fail(self, key: str, reason: str) -> Row:
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

    def _end(self, row: Row, key: str) -> Row:
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
