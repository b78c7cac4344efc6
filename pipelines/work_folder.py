"""The unfinished output of a preparation: killed at any point, it is gone on with.

OUT.partial/
    job.json            settings and input that it belongs to
    .parts/NAME.tfrecord, NAME.json    finished sources, each whole
    train-00000-of-00004.tfrecord      finished shards
"""

from __future__ import annotations

import fcntl
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text

PARTS = ".parts"
_JOB = "job.json"
_LOCK = ".lock"
_log = logging.getLogger(__name__)


@contextmanager
def work_folder(out: Path, job: dict[str, Any]) -> Iterator[Path]:
    """Yields the folder to write in; it takes the place of `out` on success.

    Args:
        out: where the result is to be; what is there is replaced at the end.
        job: everything that the result depends on, as JSON.

    Raises:
        FakelocError: the folder cannot be made, another process writes there, or the
            unfinished work is of another job.
    """
    folder = out.with_name(f"{out.name}.partial")
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FakelocError(f"{folder} cannot be made: {error.strerror}") from error
    with only_one(folder, f"preparing {out}"):
        check_same_job(folder / _JOB, folder, out, job)
        if done := sum(1 for _ in (folder / PARTS).glob("*.json")):
            _log.info("going on in %s: %d files are done", folder, done)
        with keeping_finished(folder):
            yield folder
        shutil.rmtree(folder / PARTS)
        (folder / _JOB).unlink()
        if out.exists():
            shutil.rmtree(out)
        folder.rename(out)


@contextmanager
def only_one(folder: Path, doing: str) -> Iterator[None]:
    """Keeps other processes out of a folder; the lock is gone at the end.

    Args:
        folder: exists.
        doing: what another process would be doing, for the message.

    Raises:
        FakelocError: another process has the lock.
    """
    path = folder / _LOCK
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FakelocError(f"another process is {doing}") from error
        yield
        path.unlink(missing_ok=True)


@contextmanager
def keeping_finished(folder: Path) -> Iterator[None]:
    """Says of a full disk and the like that the same command goes on.

    Raises:
        FakelocError: the system failed, here or in one of Beam's workers.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        # Beam passes a worker's OSError on as a RuntimeError with its text.
        reason = without_step(str(error))
        if isinstance(error, RuntimeError) and "[Errno" not in reason:
            raise
        raise FakelocError(
            f"{folder}: {reason}; what is finished is kept: the same command "
            "goes on with it"
        ) from error


def without_step(text: str) -> str:
    """What a worker said, without Beam's note of the step that it was in."""
    return text.split(" [while running")[0]


def check_same_job(path: Path, held: Path, out: Path, job: dict[str, Any]) -> None:
    """Notes the job, or compares it with the one that was not finished.

    Args:
        path: where it is noted.
        held: the folder of what was done, which may be deleted; for the message.
        out: of the call, for the message.
        job: everything that the result depends on, as JSON.

    Raises:
        FakelocError: the job is another one.
    """
    if not path.exists():
        write_text(path, json.dumps(job, indent=1, sort_keys=True))
        return
    if json.loads(path.read_text("utf-8")) != json.loads(json.dumps(job)):
        raise FakelocError(
            f"{held} holds work on other input or with other settings; delete it, or "
            f"choose another --out than {out}"
        )
