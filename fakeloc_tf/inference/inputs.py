"""Which files to look at, and the name that each one's outputs get."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
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
    """

    path: Path
    kind: str
    name: str


def collect(paths: Sequence[Path], leave_out: Path | None = None) -> list[InputFile]:
    """Files and the files of folders, recursively, each once.

    Hidden files in folders are passed over. A file of any other suffix stays in the
    list, as `unknown`, so that nothing is left out in silence.

    Args:
        paths: files and folders, in the order to work in; a folder's files are sorted.
        leave_out: a folder whose files are no input (the output folder).

    Raises:
        FakelocError: a path is missing, or there are no files.
    """
    for path in paths:
        if not path.exists():
            raise FakelocError(f"{path} does not exist")
    found: dict[Path, Path] = {}
    for path in paths:
        for file in sorted(_files(path)) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    hidden = leave_out.resolve() if leave_out else None
    files = [
        file
        for real, file in found.items()
        if hidden is None or hidden not in real.parents
    ]
    if not files:
        raise FakelocError(f"no files in {', '.join(map(str, paths))}")
    names: set[str] = set()
    return [InputFile(file, kind_of(file), _name(file, names)) for file in files]


def kind_of(path: Path) -> str:
    """`image`, `video` or `unknown`, by the suffix."""
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES:
        return "image"
    return "video" if suffix in VIDEO_SUFFIXES else "unknown"


def shown(path: Path) -> str:
    """The path as valid text; bytes that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files(folder: Path) -> Iterator[Path]:
    """Files below `folder` whose names and folders do not start with a dot."""
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(root) / name for name in names if not name.startswith("."))


def _name(path: Path, taken: set[str]) -> str:
    """The stem, with a number where it is taken (also in other case)."""
    stem = shown(Path(path.stem)).encode()[:MAX_NAME_BYTES].decode("utf-8", "ignore")
    name, count = stem, 1
    while name.lower() in taken:
        count += 1
        name = f"{stem}-{count}"
    taken.add(name.lower())
    return name
