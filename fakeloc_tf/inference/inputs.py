"""Which files to look at, and the name that each one's outputs get."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import IMAGE_SUFFIXES
from fakeloc_tf.media.video import VIDEO_SUFFIXES

# Room for suffixes and temporary names below the usual limit of 255 bytes.
MAX_NAME_BYTES = 150


@dataclass(frozen=True)
class InputFile:
    """One file to look at.

    Attributes:
        path: as found below what the user gave.
        kind: `image`, `video` or `unknown`, by the suffix.
        name: stem of its outputs; no two files share one.
        title: how rows call it; empty = by its path.
    """

    path: Path
    kind: str
    name: str
    title: str = ""

    @property
    def label(self) -> str:
        """How rows call it."""
        return self.title or shown(self.path)


def read_list(lines: Iterable[str]) -> list[Path]:
    """Paths of a list, such as `find` prints: one a line, or with NUL between them.

    Raises:
        FakelocError: the list is empty.
    """
    text = "".join(lines)
    names = text.split("\0") if "\0" in text else text.splitlines()
    paths = [Path(name) for name in names if name.strip()]
    if not paths:
        raise FakelocError("the list on standard input is empty; give a path a line")
    return paths


def collect(
    paths: Sequence[Path],
    leave_out: Path | None = None,
    known: Mapping[str, str] | None = None,
) -> list[InputFile]:
    """Files and the files of folders, recursively, each once.

    Links to folders are followed, each folder once. Hidden files in folders are passed
    over. A file of any other suffix stays in the list, as `unknown`, and so does a link
    that leads nowhere, so that nothing is left out in silence.

    Args:
        paths: files and folders, in the order to work in; a folder's files are sorted.
        leave_out: a folder whose files are no input (the output folder).
        known: names that files have from a call that was stopped, by `shown` path.

    Raises:
        FakelocError: a path is missing, a folder cannot be read, or there are no files.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FakelocError(f"{path} does not exist")
    hidden = os.path.realpath(leave_out) if leave_out else None
    found: dict[str, Path] = {}
    for path in paths:
        for file in _files(path, hidden) if path.is_dir() else [path]:
            found.setdefault(os.path.realpath(file), file)
    if not found:
        raise FakelocError(f"no files in {', '.join(map(str, paths))}")
    known = known or {}
    taken = {name.lower() for name in known.values()}
    return [
        InputFile(file, kind_of(file), known.get(shown(file)) or _name(file, taken))
        for file in found.values()
    ]


def kind_of(path: Path) -> str:
    """`image`, `video` or `unknown`, by the suffix."""
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix in VIDEO_SUFFIXES else "unknown"


def shown(path: Path) -> str:
    """The path as valid text; bytes that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files(top: Path, hidden: str | None) -> Iterator[Path]:
    """Files below `top`, sorted; without those in `hidden` and those with a dot."""
    seen: set[str] = set()
    found = []

    def fail(error: OSError) -> None:
        raise FakelocError(f"{error.filename} cannot be read: {error.strerror}")

    for root, folders, names in os.walk(top, onerror=fail, followlinks=True):
        real = os.path.realpath(root)
        if real in seen or (hidden and os.path.commonpath([real, hidden]) == hidden):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root) / name for name in names if not name.startswith(".")]
    return iter(sorted(found))


def _name(path: Path, taken: set[str]) -> str:
    """The stem, with a number where it is taken (also in other case).

    Only letters, digits, blanks, hyphens and underscores stay: what follows the name
    of an output begins with a dot or an `@`.
    """
    stem = re.sub(r"[^\w -]", "_", shown(Path(path.stem))).strip() or "file"
    stem = stem.encode()[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    name, count = stem, 1
    while name.lower() in taken:
        count += 1
        name = f"{stem}-{count}"
    taken.add(name.lower())
    return name
