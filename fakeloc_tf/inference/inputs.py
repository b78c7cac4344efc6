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
# Python's stand-ins for the bytes of a name that are no UTF-8 (PEP 383).
_NO_UTF8 = re.compile("[\udc80-\udcff]")


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
    names = _Names(known.values())
    titles: dict[str, Path] = {}
    for file in found.values():
        title = shown(file)
        # A name may hold the spelling of another's bytes; rows are told apart by it.
        while title in titles:
            title += "~"
        titles[title] = file
    return [
        InputFile(file, kind_of(file), known.get(title) or names.new(file), title)
        for title, file in titles.items()
    ]


def kind_of(path: Path) -> str:
    """`image`, `video` or `unknown`, by the suffix."""
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix in VIDEO_SUFFIXES else "unknown"


def shown(path: Path) -> str:
    r"""The path as valid text; bytes that are no UTF-8 are spelled out: `\xff`."""
    return valid_text(str(path))


def valid_text(text: str) -> str:
    r"""`text` that can be written as UTF-8, whatever paths it speaks of."""
    text = _NO_UTF8.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", text)
    return text.encode("utf-8", "backslashreplace").decode()


def _files(top: Path, hidden: str | None) -> Iterator[Path]:
    """Files below `top`, sorted; without those in `hidden` and those with a dot."""
    return iter(sorted(walk_files(top, hidden)))


def walk_files(top: Path, hidden: str | None = None) -> Iterator[Path]:
    """Files below `top`, a folder at a time: a million files need no room.

    Links to folders are followed, each folder once; names with a dot are passed over.

    Args:
        top: a folder.
        hidden: real path of a folder that is left out.

    Yields:
        The files of each folder, sorted, then those of its sub-folders.

    Raises:
        FakelocError: a folder cannot be read.
    """
    seen: set[str] = set()

    def fail(error: OSError) -> None:
        raise FakelocError(f"{error.filename} cannot be read: {error.strerror}")

    for root, folders, names in os.walk(top, onerror=fail, followlinks=True):
        real = os.path.realpath(root)
        if real in seen or (hidden and os.path.commonpath([real, hidden]) == hidden):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root) / name


class _Names:
    """Names of outputs: the stem, with a number where it is taken (in any case)."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        """Starts with those that are taken."""
        self._taken = {name.lower() for name in taken}
        # The last number of each stem: ten thousand folders may hold a `frame.jpg`.
        self._counts: dict[str, int] = {}

    def new(self, path: Path) -> str:
        """A name that no other file has, and takes it.

        Only letters, digits, blanks, hyphens and underscores stay: what follows the
        name of an output begins with a dot or an `@`.
        """
        stem = re.sub(r"[^\w -]", "_", shown(Path(path.stem))).strip() or "file"
        stem = stem.encode()[:MAX_NAME_BYTES].decode("utf-8", "ignore")
        name, count = stem, self._counts.get(stem.lower(), 1)
        while name.lower() in self._taken:
            count += 1
            name = f"{stem}-{count}"
        self._counts[stem.lower()] = count
        self._taken.add(name.lower())
        return name
