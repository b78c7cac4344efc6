"""What `--input` stands for, file by file: millions of them need no room."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.inputs import walk_files

# `*.jpg` and the like; anything else is a path.
ALL_BELOW = "**"


def list_files(given: str, leave_out: Path) -> Iterator[Path]:
    """The files of a pattern, a folder, a list or one path.

    The order depends on the names alone. Whatever its suffix is, no file is passed
    over but hidden ones; of a list, a path that is there twice counts once.

    Args:
        given: a pattern, in which `**` stands for any folders; a folder; a file;
            `-` for a list on standard input; `@FILE` for one in a file.
        leave_out: a folder whose files are no input (the output).

    Raises:
        FakelocError: there is nothing of that name, or a folder cannot be read.
    """
    hidden = os.path.realpath(leave_out)
    path = Path(given)
    if given == "-":
        return _once(_on_standard_input())
    if given.startswith("@") and not os.path.lexists(path):
        return _once(_in_file(Path(given[1:])))
    if path.is_dir():
        return walk_files(path, hidden)
    # A file may be called `a[1].jpg`.
    if glob.has_magic(given) and not os.path.lexists(path):
        return _matching(given, hidden)
    if not os.path.lexists(path):
        raise FakelocError(
            f"--input {given} does not exist; give a folder, a pattern in quotes, "
            "- for a list on standard input, or @FILE for a list in a file"
        )
    return iter([path])


def _on_standard_input() -> Iterator[Path]:
    """The paths of a list that can be read only once."""
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        yield from _listed_in(file)


def _in_file(path: Path) -> Iterator[Path]:
    """The paths of a file that lists them."""
    try:
        with path.open("rb") as file:
            yield from _listed_in(file)
    except OSError as error:
        raise FakelocError(
            f"{path} cannot be read as a list of files: {error.strerror}"
        ) from error


def _listed_in(file: BinaryIO) -> Iterator[Path]:
    """Paths, one a line, or with NUL between them where there is one."""
    file.seek(0)
    between = b"\0" if any(b"\0" in block for block in _blocks(file)) else b"\n"
    file.seek(0)
    rest = b""
    for block in _blocks(file):
        *names, rest = (rest + block).split(between)
        yield from map(_path, filter(_is_name, names))
    if _is_name(rest):
        yield _path(rest)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(1 << 20), b"")


def _is_name(name: bytes) -> bool:
    return bool(name.strip())


def _path(name: bytes) -> Path:
    return Path(os.fsdecode(name.removesuffix(b"\r")))


def _once(paths: Iterable[Path]) -> Iterator[Path]:
    """Each path at its first place."""
    seen: set[bytes] = set()
    for path in paths:
        key = hashlib.sha256(os.fsencode(path)).digest()[:16]
        if key not in seen:
            seen.add(key)
            yield path


def _matching(pattern: str, hidden: str) -> Iterator[Path]:
    """Files that match, folder by folder; only the folders are kept in memory."""
    head, tail = os.path.split(pattern)
    if not tail or tail == ALL_BELOW:
        tail = "*" if tail == ALL_BELOW else ""
        head = os.path.join(head, ALL_BELOW) if tail else head
    for folder in _folders(head, hidden):
        for name in sorted(_names(folder, tail)):
            yield Path(folder) / name


def _folders(head: str, hidden: str) -> list[str]:
    """The folders that the first part of a pattern matches, sorted, each once."""
    found: dict[str, str] = {}
    matches = glob.iglob(head, recursive=True) if head else [""]
    for folder in matches:
        if os.path.isdir(folder or "."):
            real = os.path.realpath(folder)
            if os.path.commonpath([real, hidden]) != hidden:
                # Of two links to one folder, the same one whatever the order.
                found[real] = min(folder, found.get(real, folder))
    return sorted(found.values())


def _names(folder: str, pattern: str) -> Iterator[str]:
    """Names of files, not of folders, in one folder."""
    try:
        entries = list(os.scandir(folder or "."))
    except OSError as error:
        raise FakelocError(
            f"{folder} cannot be read: {error.strerror}; allow your account to read "
            "it, or give a pattern without it"
        ) from error
    for entry in entries:
        shy = entry.name.startswith(".") and not pattern.startswith(".")
        if not shy and fnmatch.fnmatchcase(entry.name, pattern) and not entry.is_dir():
            yield entry.name
