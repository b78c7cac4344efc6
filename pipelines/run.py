"""The preparation pipeline, as a table of contents."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.errors import FakelocError
from pipelines.beam_options import beam_options
from pipelines.extract import Settings
from pipelines.layouts import list_sources
from pipelines.layouts.request import Request
from pipelines.parts import ExtractFaces, WriteShards
from pipelines.progress import show_progress
from pipelines.rejects import check_shares
from pipelines.sources import Listing, check_listing, deal_shards
from pipelines.summary import WriteSummary, show
from pipelines.work_folder import PARTS, work_folder

_log = logging.getLogger(__name__)
# The paper's noise level for strong compression; weaker denoising leaves block edges.
SIGMA_C40 = 10.0


@dataclass(frozen=True)
class Job:
    """The command line of `pipelines.prepare`, typed."""

    request: Request
    layout: str | None
    out: Path
    prepare: PrepareConfig
    detect: bool
    workers: int
    overwrite: bool
    beam_options: tuple[str, ...]


def run(job: Job) -> None:
    """Runs the whole preparation; the folder `job.out` appears when it is complete.

    Raises:
        FakelocError: the input is not a data set, or the output exists.
    """
    check_out(job)
    options = beam_options(job.beam_options, job.workers)
    listing = list_sources(job.request, job.layout)
    check_listing(listing, job.request.path)
    if listing.missing:
        _log.warning(
            "%d files that the lists of the data set name are not there, e.g. %s; "
            "`python -m pipelines.index` shows all",
            len(listing.missing),
            listing.missing[0].video,
        )
    if job.prepare.sigma != SIGMA_C40 and listing.sources[0].quality == "c40":
        _log.warning("c40 is usually prepared with --set prepare.sigma=10")
    settings = Settings(job.prepare, listing.classes, job.detect)
    shards = deal_shards(listing.sources, job.prepare.shards)
    elements = [(source, shards[source.video_id]) for source in listing.sources]
    with work_folder(job.out, _fingerprint(job, listing)) as folder:
        with (
            show_progress(folder / PARTS, len(elements)),
            beam.Pipeline(options=options) as pipeline,
        ):
            _ = (
                pipeline
                | "Sources" >> beam.Create(elements)
                | "ExtractFaces" >> ExtractFaces(settings, folder)
                | "WriteShards" >> WriteShards(folder)
                | "WriteSummary" >> WriteSummary(folder, listing, settings)
            )
        rejected = dataset_info(folder)["rejected"]
        check_shares(rejected, job.prepare, str(folder / "rejected.csv"))
    show(job.out)


def _fingerprint(job: Job, listing: Listing) -> dict[str, Any]:
    """What the records depend on: unfinished work of another job is not mixed in."""
    files = {
        source.video_id: [
            [str(path), *_size_and_time(path)]
            for path in (source.path, source.mask_path, source.original)
            if path is not None
        ]
        for source in listing.sources
    }
    return {
        # The bounds on what may be left out change no record.
        "prepare": job.prepare.model_dump(
            mode="json", exclude={"max_rejected", "max_rejected_video"}
        ),
        "detect": job.detect,
        "classes": listing.classes,
        "splits": {source.video_id: source.split for source in listing.sources},
        "files": files,
    }


def _size_and_time(path: Path) -> tuple[int, int]:
    """Of a file or folder; changed ones give other records."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def check_out(job: Job) -> None:
    """Refuses an output that holds something, before any work.

    Raises:
        FakelocError: `--out` is taken; with `--overwrite`, by other than records.
    """
    if not job.out.is_dir() or not any(job.out.iterdir()):
        return
    if not job.overwrite:
        raise FakelocError(
            f"--out {job.out} exists and is not empty; choose another folder, or add "
            "--overwrite to replace it"
        )
    if not (job.out / "dataset.json").is_file():
        raise FakelocError(
            f"--out {job.out} has no dataset.json: it is no folder of records, and "
            "--overwrite would delete it; choose another folder"
        )
