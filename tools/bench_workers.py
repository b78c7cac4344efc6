"""How preparation scales from one worker process to several, as a user runs it.

python tools/bench_workers.py --videos DIR

Whole runs of the command are timed. Its start-up, half a minute with several workers,
is in the figures, and the same for seven videos and for seven thousand: on a large data
set the ratio is better.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.media.video import VIDEO_SUFFIXES


def link_videos(videos: Path, tree: Path, copies: int) -> None:
    """The videos under several names each, in the `folder` layout."""
    files = [p for p in sorted(videos.iterdir()) if p.suffix.lower() in VIDEO_SUFFIXES]
    if not files:
        raise typer.BadParameter(f"--videos {videos} has no videos")
    (tree / "real").mkdir(parents=True)
    for copy in range(copies):
        for file in files:
            link = tree / "real" / f"{file.stem}_{copy}{file.suffix}"
            link.symlink_to(file.resolve())


def prepare(tree: Path, out: Path, frames: int, workers: int) -> tuple[float, int]:
    """Seconds of one run of the command, and its faces."""
    settings = {"frames_train": frames, "frames_eval": frames, "real_factor": 1}
    arguments = [f"--set=prepare.{key}={value}" for key, value in settings.items()]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pipelines.prepare", f"--input={tree}", f"--out={out}"]
        + [f"--workers={workers}", *arguments],
        check=True,
        capture_output=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    seconds = time.perf_counter() - start
    counts = dataset_info(out)["counts"]
    return seconds, sum(sum(methods.values()) for methods in counts.values())


def bench(
    videos: Annotated[Path, typer.Option(help="folder of videos with faces")],
    copies: Annotated[int, typer.Option(help="of each video")] = 2,
    frames: Annotated[int, typer.Option(help="a video")] = 100,
    workers: Annotated[int, typer.Option(help="compared with one")] = 2,
) -> None:
    """Prints seconds of each run, and their ratio."""
    table = Table("workers", "s", "faces", "faces/s")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "videos"
        link_videos(videos, tree, copies)
        for number in (1, workers):
            seconds, faces = prepare(tree, Path(folder) / f"{number}", frames, number)
            times.append(seconds)
            table.add_row(
                f"{number}", f"{seconds:.1f}", f"{faces:,}", f"{faces / seconds:.1f}"
            )
    console = Console()
    console.print(table)
    console.print(f"{workers} workers: {times[0] / times[1]:.2f} times as fast as one")


if __name__ == "__main__":
    typer.run(bench)
