"""The output folder of `pipelines.score`: killed at any point, it is gone on with.

OUT/
    faces/part-*.parquet        a row a face
    files/part-*.parquet        a row a file that was read
    bad_files/part-*.parquet    a row a file that was not, and why
    summary.json
    .job/job.json               settings and model that the rows are of
    .job/inputs.jsonl           the files, a group a line
    .work/                      of groups that are not done
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError
from pipelines.scoring.finishing import WORK
from pipelines.scoring.schemas import BAD_FOLDER, FACES_FOLDER, FILES_FOLDER
from pipelines.work_folder import check_same_job, only_one

GROUPS = "inputs.jsonl"
_JOB_FOLDER = ".job"
_JOB = "job.json"


@contextmanager
def score_folder(out: Path, job: dict[str, Any]) -> Iterator[Path]:
    """Makes the folder, or takes up what a stopped call left.

    Args:
        out: the folder.
        job: everything that the rows depend on, as JSON.

    Yields:
        The folder of what is known of the job.

    Raises:
        FakelocError: `out` holds something else or rows of another job, cannot be
            made, or another process writes there.
    """
    folder = out / _JOB_FOLDER
    if out.exists() and not folder.is_dir() and (out.is_file() or any(out.iterdir())):
        raise FakelocError(
            f"--out {out} exists and holds no scores; choose another folder"
        )
    try:
        for name in (_JOB_FOLDER, WORK, FACES_FOLDER, FILES_FOLDER, BAD_FOLDER):
            (out / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FakelocError(f"{out} cannot be made: {error.strerror}") from error
    with only_one(folder, f"scoring to {out}"):
        if not (folder / GROUPS).exists():
            # Nothing was begun: a call with a wrong `--input` binds nobody.
            (folder / _JOB).unlink(missing_ok=True)
        check_same_job(folder / _JOB, out, out, job)
        yield folder
        shutil.rmtree(out / WORK)
