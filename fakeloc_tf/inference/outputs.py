"""The output folder of `fakeloc detect`: rows, masks; what a stopped call left."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_file, write_text
from fakeloc_tf.media.images import decode_png, to_grey, write_png

CALL_FILE = "call.json"
RESULTS_FILE = "results.jsonl"
_HEAD = "path name status reason note verdict probability bytes modified_ns".split()
PICTURE_FOLDERS = ("masks", "overlays", "evidence")

Row = dict[str, Any]


class MaskKeeper(Protocol):
    """What keeps the maps of the faces of a file."""

    def write_mask(self, name: str, localization: np.ndarray) -> str:
        """Keeps one map; see `Outputs.write_mask`. Returns what rows call it."""


class Outputs:
    """Writes below one folder; a file appears whole or not at all.

    `results.jsonl` has a line for each finished file, written last, so that what a
    line names is there. A call that was stopped goes on where it was.
    """

    def __init__(self, folder: Path, call: Mapping[str, Any]) -> None:
        """Makes the folder, or takes up what a call of the same settings left.

        Args:
            folder: where to write.
            call: for `call.json`; `options` and `model` must be those of before.

        Raises:
            FakelocError: the folder holds something else, or results of other settings.
        """
        self.folder = folder
        self.results = folder / RESULTS_FILE
        try:
            self._open(call)
            for name in PICTURE_FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FakelocError(
                f"{folder} cannot be written to ({error.strerror}); choose another "
                "folder"
            ) from error
        # Every file with a picture has masks.
        self._pictured = {_owner(name) for name in os.listdir(folder / "masks")}

    def write_mask(self, name: str, localization: np.ndarray) -> str:
        """Saves a map as PNG, 0..255, in the coordinates of its crop box.

        Args:
            name: without suffix.
            localization: float32 [S, S] in 0..1.

        Returns:
            The path below the output folder.
        """
        self._pictured.add(_owner(name))
        path = self.folder / "masks" / f"{name}.png"
        write_png(path, to_grey(localization))
        return path.relative_to(self.folder).as_posix()

    def discard(self, name: str) -> None:
        """Removes the pictures of a file that could not be finished.

        Args:
            name: of its outputs; an `@` or a dot follows it in the name of each.
        """
        # Most of those never had any; the folders may hold a hundred thousand.
        if name not in self._pictured:
            return
        for folder in PICTURE_FOLDERS:
            for path in (self.folder / folder).glob(f"{_glob(name)}[@.]*"):
                path.unlink()

    def append(self, row: Row) -> None:
        """Adds the line of a finished file."""
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def sort(self, paths: Sequence[str]) -> None:
        """Puts the lines into the order of `paths`, the last of each path only."""
        places = {row["path"]: offset for offset, row in read_rows(self.results)}
        order = [path for path in paths if path in places]
        wanted = frozenset(order)
        order += [path for path in places if path not in wanted]
        with self.results.open("rb") as file:
            with new_file(self.results) as temporary, temporary.open("wb") as out:
                for path in order:
                    file.seek(places[path])
                    out.write(file.readline())

    def _open(self, call: Mapping[str, Any]) -> None:
        """Writes `call.json`, or checks the one that is there."""
        folder, path = self.folder, self.folder / CALL_FILE
        if folder.exists() and not folder.is_dir():
            raise FakelocError(f"{folder} is a file; choose another folder")
        if path.exists():
            before = _read_call(path)
            for part in ("model", "options"):
                _compare(path, part, before.get(part, {}), call[part])
            self._mend()
            return
        if folder.exists() and any(folder.iterdir()):
            raise FakelocError(
                f"{folder} is not empty and has no {CALL_FILE}; choose another folder"
            )
        write_text(path, json.dumps(call, indent=2) + "\n")

    def _mend(self) -> None:
        """Removes what a kill left: half a line, half-written pictures."""
        for name in PICTURE_FOLDERS:
            for left in (self.folder / name).glob(".*"):
                left.unlink()
        if self.results.exists():
            with self.results.open("rb+") as file:
                file.truncate(sum(len(line) for line in file if line.endswith(b"\n")))


def finished_rows(folder: Path) -> dict[str, Row]:
    """Heads of the rows that a call left: name, status, verdict, size, time of change.

    Returns:
        Path → head; of a file that was looked at twice, the last. Empty where there
        is nothing.
    """
    return {row["path"]: head_of(row) for _, row in read_rows(folder / RESULTS_FILE)}


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Offset in bytes and content of each line of `results.jsonl`.

    A last line that breaks off is left out: its file is looked at again. There are no
    lines where there is no file.

    Raises:
        FakelocError: a line is not JSON.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        offset = 0
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                row = json.loads(line)
            except ValueError as error:
                raise FakelocError(
                    f"{path}, line {number} is not JSON ({error}); remove that line "
                    "and the file is looked at again"
                ) from error
            yield offset, row
            offset += len(line)


def head_of(row: Row) -> Row:
    """The little of a row that is kept in memory."""
    return {key: row[key] for key in _HEAD if key in row}


def read_mask(folder: Path, path: str) -> np.ndarray:
    """float32 [S, S] in 0..1, what `write_mask` saved, to 1/510."""
    return decode_png((folder / path).read_bytes()).astype(np.float32) / 255


def _read_call(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FakelocError(
            f"{path} cannot be read ({error}); choose another folder or remove it"
        ) from error


def _compare(
    path: Path, part: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Refuses to mix results of two settings in one folder."""
    # Where the model lies does not change what it says.
    keys = (before.keys() | now.keys()) - {"path"}
    # First what a user sets: a threshold changes rates and sources as well.
    for key in sorted(keys, key=lambda key: (key != "threshold", key)):
        # As JSON has it: tuples become lists.
        old, new = before.get(key), json.loads(json.dumps(now.get(key)))
        if old != new:
            raise FakelocError(
                f"{path.parent} has results of another call: {part}.{key} was {old}, "
                f"now it is {new}; choose another folder, or call it as before to go on"
            )


def _owner(picture: str) -> str:
    """The name of the file that a picture belongs to."""
    return picture.partition(".")[0].partition("@")[0]


def _glob(name: str) -> str:
    """`name` as a pattern that matches itself only."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
