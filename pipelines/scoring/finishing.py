"""The end of a group: its chunks joined, its files judged, three Parquet files written.

    .work/NUMBER.ATTEMPT.CHUNK.parquet    scored faces of a chunk
    .work/NUMBER.json                     the files of the group, and how many chunks

Whoever finds both complete finishes the group. The file of the folder `files` comes
last: where it is, the group is done.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fakeloc_tf.files import write_text
from fakeloc_tf.inference.model_info import ModelInfo
from pipelines.scoring.chunks import ScoredChunk
from pipelines.scoring.groups import part_name
from pipelines.scoring.rows import Row, file_row
from pipelines.scoring.schemas import (
    BAD_FILES,
    BAD_FOLDER,
    FACES_FOLDER,
    FILES,
    FILES_FOLDER,
    SCORED,
    with_masks,
    write_table,
)

WORK = ".work"
_JUDGED = ["file", "frame", "time", "track", "probability", "verdict", "warnings"]


class Finisher:
    """Writes what is known of the groups of one call."""

    def __init__(
        self, out: Path, info: ModelInfo, model_sha256: str, masks: bool
    ) -> None:
        """Writes nothing yet.

        Args:
            out: the output folder; exists.
            info: of the model, with the thresholds in use.
            model_sha256: of the model.
            masks: whether faces have their map.
        """
        self._out = out
        self._info = info
        self._model_sha256 = model_sha256
        self._schema = with_masks(SCORED, masks)

    def is_done(self, number: int) -> bool:
        """Whether nothing of this group is left to do."""
        return (self._out / FILES_FOLDER / part_name(number)).exists()

    def write_chunk(self, chunk: ScoredChunk) -> None:
        """Keeps the scores of a chunk."""
        path = self._chunk(chunk.group.number, chunk.attempt, chunk.number)
        write_table(path, chunk.table)

    def write_marker(
        self, number: int, attempt: str, chunks: int, files: list[Row]
    ) -> None:
        """Keeps what was found of the files of a group that was read to its end."""
        marker = {"attempt": attempt, "chunks": chunks, "files": files}
        write_text(self._marker(number), json.dumps(marker))

    def finish(self, number: int) -> bool:
        """Writes the rows of a group, if all of its chunks are scored.

        Two workers may do it at a time: they write the same.

        Returns:
            Whether the group is done.
        """
        if self.is_done(number):
            return True
        try:
            marker = json.loads(self._marker(number).read_text("utf-8"))
            chunks = self._chunks(number, marker)
            tables = [pq.read_table(path, schema=self._schema) for path in chunks]
        except FileNotFoundError:
            return self.is_done(number)
        self._write(number, marker["files"], tables)
        for path in (*chunks, self._marker(number)):
            path.unlink(missing_ok=True)
        return True

    def _write(self, number: int, files: list[Row], tables: list[pa.Table]) -> None:
        """The three files of a group."""
        scored = pa.concat_tables([self._schema.empty_table(), *tables])
        scored = scored.sort_by(
            [(key, "ascending") for key in ("file", "frame", "face")]
        )
        good = [i for i, file in enumerate(files) if file["status"] is None]
        # Faces of a video that could not be read to its end.
        kept = scored.filter(pc.is_in(scored["file"], pa.array(good, pa.int32())))
        rows = self._file_rows(kept, files, good)
        bad = [file for file in files if file["status"] is not None]
        name = part_name(number)
        write_table(self._out / FACES_FOLDER / name, kept.drop(["file"]))
        write_table(self._out / BAD_FOLDER / name, _table(bad, BAD_FILES))
        write_table(self._out / FILES_FOLDER / name, _table(rows, FILES))

    def _file_rows(
        self, scored: pa.Table, files: list[Row], good: list[int]
    ) -> list[Row]:
        """The rows of the files that were read."""
        faces: dict[int, list[Row]] = {file: [] for file in good}
        for row in scored.select(_JUDGED).to_pylist():
            faces[row["file"]].append(row)
        model = {"model_sha256": self._model_sha256}
        return [file_row(files[i], faces[i], self._info) | model for i in good]

    def _marker(self, number: int) -> Path:
        return self._out / WORK / f"{number:08d}.json"

    def _chunk(self, number: int, attempt: str, chunk: int) -> Path:
        return self._out / WORK / f"{number:08d}.{attempt}.{chunk:06d}.parquet"

    def _chunks(self, number: int, marker: dict[str, Any]) -> list[Path]:
        """Where the chunks of a group are."""
        attempt = marker["attempt"]
        return [self._chunk(number, attempt, i) for i in range(marker["chunks"])]


def _table(rows: list[Row], schema: pa.Schema) -> pa.Table:
    """Rows as a table; what they have besides is left out, what they lack is null."""
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema
    )
