"""The scoring pipeline, as a table of contents."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.loading import model_sha256
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import default_workers
from pipelines.beam_options import beam_options
from pipelines.progress import show_progress
from pipelines.scoring.finishing import Finisher
from pipelines.scoring.folder import GROUPS, score_folder
from pipelines.scoring.groups import Group, group_paths, read_groups, write_groups
from pipelines.scoring.listing import list_files
from pipelines.scoring.model import DetectorHandler, ModelSource, open_detector
from pipelines.scoring.schemas import FILES_FOLDER
from pipelines.scoring.summary import ThisRun, sum_up
from pipelines.scoring.transforms import ReadGroup, WriteChunk
from pipelines.work_folder import keeping_finished, without_step


@dataclass(frozen=True)
class Job:
    """The command line of `pipelines.score`, typed."""

    input: str
    model: str | None
    out: Path
    masks: bool
    fps: float
    face_side: int
    max_seconds: float
    threshold: float | None
    batch_size: int
    group_size: int
    readers: int | None
    workers: int
    beam_options: tuple[str, ...]

    def facts(self, sha256: str) -> dict[str, Any]:
        """What the rows depend on: work of another job is not mixed in."""
        names = "masks fps face_side max_seconds threshold group_size".split()
        # From another folder, the same words name other files; lists hold paths too.
        given = {"input": os.path.abspath(self.input), "model": sha256}
        return {name: getattr(self, name) for name in names} | given


def run(job: Job) -> dict[str, Any]:
    """Scores what is not scored yet.

    Returns:
        The summary, as it stands in `summary.json`.

    Raises:
        FakelocError: there is no input or no model, or the output is of another job.
    """
    started = time.monotonic()
    options = beam_options(with_small_partitions(job.beam_options), job.workers)
    sha256 = model_sha256(job.model)
    with score_folder(job.out, job.facts(sha256)) as folder:
        groups = folder / GROUPS
        if not groups.exists():
            paths = list_files(job.input, job.out)
            write_groups(groups, group_paths(paths, job.group_size))
        left, total, files = _left(groups, job.out)
        if left:
            source = ModelSource(job.model, sha256, job.threshold, job.batch_size)
            with (
                _telling(folder),
                show_progress(
                    job.out / FILES_FOLDER, total, "part-*.parquet", "groups of files"
                ),
            ):
                _score(job, options, source, groups, left)
        return sum_up(job.out, ThisRun(files, time.monotonic() - started))


def _score(
    job: Job,
    options: PipelineOptions,
    source: ModelSource,
    groups: Path,
    left: list[Group],
) -> None:
    """Runs the pipeline on the groups that are left."""
    # Before any worker starts: a model that cannot be loaded is told at once.
    info = open_detector(source).info
    settings = Settings.of_model(
        info, fps=job.fps, face_side=job.face_side, max_seconds=job.max_seconds
    )
    finisher = Finisher(job.out, info, source.sha256, job.masks)
    readers = count_readers(job)
    with beam.Pipeline(options=options) as pipeline:
        _ = (
            pipeline
            | "Groups" >> beam.Create(left)
            # Without it the list and the work are one stage, on one worker.
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.ParDo(ReadGroup(groups, settings, readers, finisher))
            | "Score" >> RunInference(DetectorHandler(source, job.masks))
            | "Write" >> beam.ParDo(WriteChunk(finisher))
        )
    # Where reading and scoring ran on two machines, neither may have seen the end.
    open_groups = [group for group in left if not finisher.finish(group.number)]
    if open_groups:
        raise FakelocError(
            f"{len(open_groups)} of {len(left)} groups were not finished; the same "
            "command goes on with them"
        )


def _left(groups: Path, out: Path) -> tuple[list[Group], int, int]:
    """The groups that are not done, how many there are in all, files of those left."""
    done = {path.name for path in (out / FILES_FOLDER).iterdir()}
    left, total, files = [], 0, 0
    for group, count in read_groups(groups):
        total += 1
        if group.part not in done:
            left.append(group)
            files += count
    return left, total, files


def count_readers(job: Job) -> int:
    """Processes that read files, of each of Beam's workers."""
    if job.readers is not None:
        return job.readers
    return max(1, default_workers() // job.workers)


def with_small_partitions(options: tuple[str, ...]) -> tuple[str, ...]:
    """Beam's options; on Dask, a partition a group unless they say otherwise.

    Its partitions have 128 elements else, and the crops of all of them in memory.
    """
    dask = any("DaskRunner" in option for option in options)
    sized = any(
        option.startswith(("--dask_npartitions", "--dask_partition_size"))
        for option in options
    )
    return (*options, "--dask_partition_size=1") if dask and not sized else options


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Errors of workers as those of this process."""
    with keeping_finished(folder):
        try:
            yield
        except RuntimeError as error:
            # Beam passes it on as text.
            _, found, text = str(error).partition("FakelocError: ")
            if not found:
                raise
            raise FakelocError(without_step(text).splitlines()[0]) from error
