"""What the report reads: `call.json`, and of `results.jsonl` as little as it shows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.outputs import CALL_FILE, RESULTS_FILE, read_rows

# Of a file with many faces these are shown, the highest first.
MAX_FACES = 8


@dataclass(frozen=True, slots=True)
class FileLine:
    """What the tables say of one file.

    Attributes:
        text: why it was not read, or what is odd about it; or empty.
        faces: that can be shown: of a picture its faces, of a video its tracks.
        offset: of its line in `results.jsonl`, in bytes.
    """

    path: str
    kind: str
    status: str
    text: str
    sha256: str | None
    bytes: int | None
    probability: float | None
    verdict: str | None
    faces: int
    offset: int


def read_call(folder: Path) -> dict[str, Any]:
    """`call.json` of a results folder.

    Raises:
        FakelocError: there is none, or it is no such description.
    """
    path = folder / CALL_FILE
    try:
        call = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FakelocError(
            f"{path} cannot be read ({error}); choose the folder that `fakeloc detect` "
            "wrote its results to"
        ) from error
    if not isinstance(call, dict) or "threshold" not in call.get("model", {}):
        raise FakelocError(
            f"{path} does not say which model was used; run `fakeloc detect` again"
        )
    return call


def read_lines(folder: Path) -> list[FileLine]:
    """Every finished file, the highest score first; those without a score come last.

    Raises:
        FakelocError: a line is not JSON.
    """
    lines = [_line(row, offset) for offset, row in read_rows(folder / RESULTS_FILE)]
    return sorted(lines, key=_rank)


def read_row(folder: Path, line: FileLine) -> dict[str, Any]:
    """The whole row behind `line`."""
    with (folder / RESULTS_FILE).open("rb") as file:
        file.seek(line.offset)
        return json.loads(file.readline())


def shown_lines(lines: list[FileLine], max_shown: int) -> list[FileLine]:
    """The first files with faces: at most `max_shown`, and twice as many faces."""
    shown: list[FileLine] = []
    room = 2 * max_shown
    for line in lines:
        faces = min(line.faces, MAX_FACES)
        if not faces:
            continue
        if len(shown) == max_shown or faces > room:
            break
        shown.append(line)
        room -= faces
    return shown


def shown_peaks(track: dict[str, Any]) -> list[dict[str, Any]]:
    """The peaks of a track that have pictures."""
    return [peak for peak in track.get("peaks", ()) if peak.get("evidence")]


def _line(row: dict[str, Any], offset: int) -> FileLine:
    """The little that is kept of a row."""
    texts = (row.get("reason"), row.get("note"))
    if row["kind"] == "video":
        faces = sum(bool(shown_peaks(track)) for track in row.get("tracks", ()))
    else:
        faces = sum(bool(face.get("evidence")) for face in row.get("faces", ()))
    return FileLine(
        path=row["path"],
        kind=row["kind"],
        status=row["status"],
        # The table names the path already.
        text="; ".join(t for t in texts if t).replace(f"{row['path']} ", ""),
        sha256=row.get("sha256"),
        bytes=row.get("bytes"),
        probability=row.get("probability"),
        verdict=row.get("verdict"),
        faces=faces,
        offset=offset,
    )


def _rank(line: FileLine) -> tuple[float, str]:
    """Highest score first; then no_face, too_small, unreadable, unsupported."""
    return (1.0 if line.probability is None else -line.probability, line.status)
