"""Regular files only: pipes, devices and folders are refused without waiting."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fakeloc_tf.errors import FakelocError

# A picture of `images.MAX_PIXELS` fits, uncompressed; with 16 bits a channel, one of
# 170 megapixels.
MAX_FILE_BYTES = 1 << 30
_HINTS = {
    errno.ENOENT: "the file, or what a link to it names, is gone: restore it",
    errno.ELOOP: "its links lead in a circle: replace them by the file",
    errno.EACCES: "allow your account to read it",
    errno.EPERM: "allow your account to read it",
    errno.ENXIO: "it is a socket or a device: name a picture or a video",
    errno.EISDIR: "it is a folder: name a picture or a video",
}


def read_regular(
    path: str | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES
) -> bytes:
    """All bytes of a regular file.

    Args:
        path: the file; links are followed.
        max_bytes: larger files are refused before they are read.

    Raises:
        FakelocError: it is missing, unreadable, not a regular file, or too large.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise FakelocError(
                f"{path} has {size} bytes; at most {max_bytes} are read: "
                "save a smaller copy of it"
            )
        # It may grow while it is read.
        return file.read(max_bytes)


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A regular file for reading in blocks.

    Raises:
        FakelocError: it is missing, unreadable or not a regular file.
    """
    path = Path(path)
    handle = _opened(path)
    try:
        # The open file is looked at, not its name, which may by now be another's.
        _size_of_regular(path, handle)
        with os.fdopen(handle, "rb", closefd=False) as file:
            yield file
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)


def regular_size(path: str | os.PathLike[str]) -> int:
    """Size in bytes of a regular file that can be opened.

    Raises:
        FakelocError: it is missing, unreadable or not a regular file.
    """
    path = Path(path)
    handle = _opened(path)
    try:
        return _size_of_regular(path, handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    """A descriptor of `path`, without waiting for the writer of a pipe."""
    # Windows has neither flag; O_BINARY is Windows' own.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        return os.open(path, flags | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise FakelocError(f"{path!r} cannot be read: {error}") from error


def _unreadable(path: Path, error: OSError) -> FakelocError:
    """What the system says of a file, and what can be done."""
    hint = _HINTS.get(error.errno or 0, "copy it to another disk, or leave it out")
    return FakelocError(f"{path} cannot be read: {error.strerror}; {hint}")


def _size_of_regular(path: Path, handle: int) -> int:
    """Size of the open file, or an error where it is not a regular one."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise FakelocError(
            f"{path} is not a regular file (it may be a pipe, a device or a folder): "
            "name a picture or a video"
        )
    return status.st_size
