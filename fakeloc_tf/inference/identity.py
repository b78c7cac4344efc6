"""Which bytes a row speaks of: size, time of change and hash of a stranger's file."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.regular import open_regular, regular_size

# Hours of a studio camera. A file of holes can promise any size and takes no room; to
# hash this many bytes takes minutes.
MAX_VIDEO_BYTES = 1 << 38
# Well below `workers.STALL_SECONDS`: the hash of a long video is no standstill.
_BEAT_SECONDS = 5.0
_BLOCK = 1 << 20


def file_identity(path: Path) -> tuple[int, int, int]:
    """Size, time of change in ns and inode: a file that was replaced differs.

    Raises:
        FakelocError: it cannot be opened, or is no regular file.
    """
    regular_size(path)
    try:
        found = path.stat()
    except OSError as error:  # removed since
        raise changed(path) from error
    return found.st_size, found.st_mtime_ns, found.st_ino


def changed(path: str | os.PathLike[str]) -> FakelocError:
    """The error that results would mix two files of one name."""
    return FakelocError(f"{path} changed while it was read; detect it again")


def hash_video(path: Path) -> Iterator[str]:
    """Hashes a file of any length up to `MAX_VIDEO_BYTES`.

    Yields:
        Now and then an empty text as a sign of life; at last the SHA-256.

    Raises:
        FakelocError: it cannot be read, or is larger.
    """
    digest, told, left = hashlib.sha256(), time.monotonic(), MAX_VIDEO_BYTES
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        while block := file.read(_BLOCK) if size <= MAX_VIDEO_BYTES else b"":
            digest.update(block)
            # It may grow while it is read.
            left -= len(block)
            if left < 0:
                break
            if time.monotonic() - told > _BEAT_SECONDS:
                told = time.monotonic()
                yield ""
    if size > MAX_VIDEO_BYTES or left < 0:
        raise FakelocError(
            f"{path} has {max(size, MAX_VIDEO_BYTES)} bytes; at most {MAX_VIDEO_BYTES} "
            "are read: cut the video into parts"
        )
    yield digest.hexdigest()
