"""Hours and cost of preparing all of FF++, from videos of it timed on one core.

python tools/bench_cost.py --input FFPP

Needs one real training video, one fake training video and one video for validation or
test, in the FF++ layout: each kind stands for all of its kind, at the paper's settings.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Table

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data import records
from pipelines.extract import Settings, extract_faces
from pipelines.follow import FaceFollower
from pipelines.layouts import list_sources
from pipelines.layouts.request import make_request
from pipelines.sources import Source

# Kinds of videos that cost differently, and how many FF++ has of each with its four
# methods (Rössler et al., ICCV 2019: 720 / 140 / 140 videos).
VIDEOS = {"real, train": 720, "fake, train": 4 * 720, "val and test": 5 * 280}
CORES = (1, 16, 256)


def kind_of(source: Source) -> str:
    """A key of `VIDEOS`."""
    if source.split != "train":
        return "val and test"
    return "fake, train" if source.label else "real, train"


def seconds_of(source: Source, settings: Settings, follower: FaceFollower) -> float:
    """One video to encoded records."""
    start = time.perf_counter()
    for item in extract_faces(source, settings, follower):
        if isinstance(item, records.FaceRecord):
            records.encode(item)
    return time.perf_counter() - start


def bench(
    input: Annotated[Path, typer.Option(help="folder in the FF++ layout")],
    price: Annotated[
        float, typer.Option(help="of one core for one hour, in your currency")
    ] = 0.05,
) -> None:
    """Prints seconds a video of each kind, and what all of them take."""
    cv2.setNumThreads(1)
    listing = list_sources(make_request(input, quality="c23"), "ffpp")
    settings = Settings(PrepareConfig(), listing.classes)
    follower = FaceFollower(settings.prepare.min_face_score)
    # Imports, dlib's model, compiled noise.
    seconds_of(listing.sources[-1], settings, follower)
    found: dict[str, list[float]] = {kind: [] for kind in VIDEOS}
    for source in listing.sources:
        found[kind_of(source)].append(seconds_of(source, settings, follower))
    if missing := [kind for kind, seconds in found.items() if not seconds]:
        raise typer.BadParameter(f"{input} has no video of: {'; '.join(missing)}")
    report(found, price)


def report(found: dict[str, list[float]], price: float) -> None:
    """The two tables."""
    table = Table("videos", "timed", "median s", "of FF++", "core hours")
    hours = 0.0
    for kind, count in VIDEOS.items():
        median = statistics.median(found[kind])
        hours += count * median / 3600
        table.add_row(
            kind,
            f"{len(found[kind])}",
            f"{median:.1f}",
            f"{count:,}",
            f"{count * median / 3600:.1f}",
        )
    console = Console()
    console.print(table)
    longest = max(max(seconds) for seconds in found.values())
    table = Table("cores", "hours", f"cost at {price} a core hour")
    for cores in CORES:
        # One video is one worker's: the last one to end may have just begun.
        wall = hours / cores + (longest / 3600 if cores > 1 else 0)
        table.add_row(f"{cores}", f"{wall:.2f}", f"{cores * wall * price:.2f}")
    console.print(table)
    console.print("16 and 256 cores: computed, not run; start-up and reading not added")


if __name__ == "__main__":
    typer.run(bench)
