"""The preparation pipeline, as a table of contents."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_folder
from pipelines.extract import Settings
from pipelines.layouts import list_sources
from pipelines.layouts.request import Request
from pipelines.progress import show_progress
from pipelines.sources import check_listing, deal_shards

# Beam warns that it lacks a package for a format that is not used here.
logging.getLogger().addFilter(lambda record: "crcmod" not in record.getMessage())
with warnings.catch_warnings():
    # Google's client libraries announce the end of Python 3.11, five times.
    warnings.simplefilter("ignore", FutureWarning)
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipelines.parts import PARTS, ExtractFaces, WriteShards
    from pipelines.summary import WriteSummary, show

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
    with new_folder(job.out, job.overwrite) as folder:
        (folder / PARTS).mkdir()
        with (
            show_progress(folder / PARTS, len(elements)),
            beam.Pipeline(options=_beam_options(job)) as pipeline,
        ):
            parts = (
                pipeline
                | "Sources" >> beam.Create(elements)
                | "ExtractFaces" >> ExtractFaces(settings, folder)
            )
            _ = parts | "WriteShards" >> WriteShards(folder)
            _ = parts | "WriteSummary" >> WriteSummary(folder, listing, settings)
        (folder / PARTS).rmdir()
    show(job.out)


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


def _beam_options(job: Job) -> PipelineOptions:
    """Beam's options: the user's, else a local runner with `job.workers` processes."""
    options = list(job.beam_options)
    if not any(option.startswith("--runner") for option in options):
        # `DirectRunner` would try to download the Prism runner first; this is what it
        # falls back on.
        options += [
            "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"
        ]
        if job.workers > 1:
            options += [
                "--direct_running_mode=multi_processing",
                f"--direct_num_workers={job.workers}",
            ]
    return PipelineOptions(options)
