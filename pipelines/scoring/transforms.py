"""Beam transforms: groups to chunks of faces, scored chunks to rows."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import Workers
from pipelines.scoring import chunks
from pipelines.scoring.chunks import Chunk, ScoredChunk
from pipelines.scoring.finishing import Finisher
from pipelines.scoring.groups import Group, files_of
from pipelines.scoring.reading import FileState, Readers, SameProcess, read_files

# Nothing is grouped by key between reading and writing: on a batch runner that is a
# barrier, at which the crops of all files would wait, and which a kill would lose.


class ReadGroup(beam.DoFn):
    """A group to chunks of faces; leaves its marker when the last was handed on."""

    def __init__(
        self, groups: Path, settings: Settings, readers: int, finisher: Finisher
    ) -> None:
        """Starts nothing yet.

        Args:
            groups: the list of groups.
            settings: for looking at files.
            readers: processes that look; 0 = this process itself.
            finisher: knows what is done.
        """
        self._groups = groups
        self._settings = settings
        self._count = readers
        self._finisher = finisher
        self._readers: Readers | None = None

    def setup(self) -> None:
        """Starts the processes that read."""
        self._readers = open_readers(self._count)

    def teardown(self) -> None:
        """Ends them."""
        if self._readers is not None:
            self._readers.close()

    def process(self, group: Group) -> Iterator[Chunk]:
        """Reads the files of one group, unless that was done before."""
        if self._finisher.finish(group.number):
            return
        if self._readers is None:
            raise RuntimeError("`setup` was not called")
        attempt, count = secrets.token_hex(4), 0
        states: list[FileState] = []
        files = files_of(self._groups, group)
        found = read_files(files, self._settings, self._readers, chunks.FACES, states)
        for faces in found:
            yield Chunk(group, attempt, count, tuple(faces))
            count += 1
        rows = [state.to_json() for state in states]
        self._finisher.write_marker(group.number, attempt, count, rows)
        # Where the last chunk is scored already, or there was none.
        self._finisher.finish(group.number)


class WriteChunk(beam.DoFn):
    """Writes a scored chunk, and its group where that was the last; gives its faces."""

    def __init__(self, finisher: Finisher) -> None:
        self._finisher = finisher

    def process(self, chunk: ScoredChunk) -> Iterator[int]:
        """Writes one chunk."""
        self._finisher.write_chunk(chunk)
        self._finisher.finish(chunk.group.number)
        yield chunk.table.num_rows


def open_readers(count: int) -> Readers:
    """Processes that read files, or this one.

    Args:
        count: 0 = this one.

    Raises:
        FakelocError: this process may not start others.
    """
    if not count:
        return SameProcess()
    if multiprocessing.current_process().daemon:
        raise FakelocError(
            "this worker may not start processes that read files: give the cluster's "
            "workers DASK_DISTRIBUTED__WORKER__DAEMON=False, or score with --readers "
            "0, where a file that breaks a decoder ends the worker"
        )
    return Workers(count)
