"""The files of a group to chunks of faces, and what was found of each file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fakeloc_tf.inference.finding import FileFacts, find_faces, find_job
from fakeloc_tf.inference.inputs import InputFile, valid_text
from fakeloc_tf.inference.notes import joined, unread_frames
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.worker_process import Job, Message, fault_text
from pipelines.scoring.chunks import Face


class Readers(Protocol):
    """What looks at files: `inference.workers.Workers`, or `SameProcess`."""

    @property
    def idle(self) -> int:
        """How many more files can be started."""

    def start(self, key: Any, job: Job, *arguments: Any) -> None:
        """Starts a file."""

    def get(self) -> Message | None:
        """What the next one tells."""

    def close(self) -> None:
        """Ends."""


class SameProcess:
    """Looks at files here, one after the other.

    Saves the start of other processes; but a file that breaks a decoder takes this
    process with it, one that hangs it holds it up for ever, and memory has no bound.
    """

    def __init__(self) -> None:
        self._key: Any = None
        self._found: Iterator[Any] = iter(())

    @property
    def idle(self) -> int:
        """1 between two files."""
        return int(self._key is None)

    def start(self, key: Any, job: Job, *arguments: Any) -> None:
        """Starts a file; `job` is `find_job`."""
        self._key, self._found = key, find_faces(*arguments)

    def get(self) -> Message | None:
        """The next that is found."""
        key = self._key
        try:
            return Message(key, next(self._found))
        except StopIteration:
            error = None
        except Exception as fault:
            # Whatever a decoder makes of a file, the rest goes on.
            error = fault_text(fault)
        self._key = None
        return Message(key, done=True, error=error)

    def close(self) -> None:
        """Nothing to end."""


@dataclass
class FileState:
    """What is known of one file of the group so far.

    Attributes:
        row: facts, as `find_faces` tells them.
        seconds: that looking at it took.
        faces: that were found and not handed on yet.
    """

    item: InputFile
    row: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    started: float = 0.0
    seconds: float = 0.0
    frames: int = 0
    frames_to_come: int = 0
    too_small: int = 0
    faces: list[Face] = field(default_factory=list)

    def start(self, readers: Readers, file: int, settings: Settings) -> None:
        """Has the file looked at; `file` is its place in the group."""
        self.started = time.monotonic()
        readers.start(file, find_job, self.item.path, self.item.kind, settings)

    def take(self, message: Message) -> None:
        """What the reader says."""
        content = message.content
        if message.done:
            self._end(message.error)
            return
        if isinstance(content, FileFacts):
            row = dict(content.row)
            self.notes += row.pop("notes", [])
            self.row |= row
            self.frames_to_come = content.frames or self.frames_to_come
            return
        self.frames += 1
        self.too_small += content.too_small
        facts = self._facts()
        self.faces += [
            Face(message.key, facts, content.index, content.time, number, face)
            for number, face in enumerate(content.faces)
        ]

    def _end(self, error: str | None) -> None:
        """The file was read, or could not be."""
        self.seconds = time.monotonic() - self.started
        if error is not None:
            self.row |= {"status": "unreadable", "reason": valid_text(error)}
        missing = self.frames_to_come - self.frames
        if missing > 0 and self.item.kind == "video":
            self.notes.append(unread_frames(missing))

    def to_json(self) -> dict[str, Any]:
        """What the marker of the group has of it."""
        row = self.row
        found = {
            "bytes": row.get("bytes"),
            "modified_ns": row.get("modified_ns"),
            # The length of a video; how long it took is `seconds` here.
            "duration": row.get("seconds"),
            "frames_scored": self.frames,
            "too_small": self.too_small,
            "seconds": round(self.seconds, 4),
            "note": joined(self.notes, self.item.label) or None,
            "status": row.get("status"),
            "reason": row.get("reason"),
        }
        return self._facts() | found

    def _facts(self) -> dict[str, Any]:
        """Of the file, for the row of each face."""
        return {
            "path": self.item.label,
            "sha256": self.row.get("sha256"),
            "kind": self.item.kind,
            "image_width": self.row.get("width"),
            "image_height": self.row.get("height"),
        }


def read_files(
    files: Sequence[InputFile],
    settings: Settings,
    readers: Readers,
    size: int,
    states: list[FileState],
) -> Iterator[list[Face]]:
    """Looks at files; several at a time where there are readers for it.

    Faces come at once, for a long video cannot wait for its end; a file that fails
    later has a status in its state, and none of its faces counts.

    Args:
        files, settings: which, and how to look at them.
        readers: that look.
        size: of a chunk, in faces.
        states: is filled with one a file, in their order.

    Yields: lists of 1 to `size` faces.
    """
    faces: list[Face] = []
    states[:] = [FileState(item) for item in files]
    started = done = 0
    while done < len(files):
        while started < len(files) and readers.idle:
            states[started].start(readers, started, settings)
            started += 1
        if (message := readers.get()) is None:
            continue
        state = states[message.key]
        done += message.done
        state.take(message)
        faces += state.faces
        state.faces.clear()
        while len(faces) >= size:
            yield faces[:size]
            faces = faces[size:]
    if faces:
        yield faces
