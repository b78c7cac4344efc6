"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakeloc_tf.errors import FakelocError


@contextmanager
def new_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary file beside `path` that takes its name on success."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes `data` under a temporary name, then renames: whole, or not at all."""
    with new_file(path) as temporary:
        temporary.write_bytes(data)


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Hash of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes UTF-8 `text` as `write_bytes` does."""
    write_bytes(path, text.encode())


@contextmanager
def new_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary folder beside `path` that takes its name on success.

    Args:
        path: the folder to make; its parents are made too.

    Raises:
        FakelocError: `path` is a file, or is not empty.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise FakelocError(f"{path} is a file; choose another folder")
    if path.exists() and any(path.iterdir()):
        raise FakelocError(f"{path} exists and is not empty; choose another folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o755)
        try:
            # Replaces an empty folder; another process may have filled it meanwhile.
            temporary.rename(path)
        except OSError as error:
            raise FakelocError(
                f"{path} was written meanwhile by another process; try again"
            ) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
