"""The folder that uploads live in; what a killed server left is removed by the next."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "fakeloc-serve-"


@contextmanager
def spool() -> Iterator[Path]:
    """A folder of this server alone, which ends with it.

    A lock on the folder tells that its server lives, whatever became of process ids.
    """
    sweep(Path(tempfile.gettempdir()))
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(folder)
        if lock is not None:
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(top: Path) -> list[str]:
    """Removes the folders of servers that were killed.

    Args:
        top: where they are.

    Returns:
        Their names.
    """
    gone = []
    for folder in sorted(top.glob(f"{PREFIX}*")):
        lock = _lock(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            gone.append(folder.name)
    return gone


def _lock(folder: Path) -> int | None:
    """A locked descriptor of a folder of ours; None = another process has it."""
    try:
        import fcntl
    except ImportError:  # not on Windows, where a folder left behind stays
        return os.open(os.devnull, os.O_RDONLY) if not any(folder.iterdir()) else None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # a link, a file, or somebody else's
        return None
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another start may have removed it before it was locked.
            if folder.exists():
                return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
