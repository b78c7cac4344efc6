"""`fakeloc detect` on a CPU: start to first answer, frames a second, peak memory.

python tools/bench_detect.py --model RUN --model EXPORT
python tools/bench_detect.py --model EXPORT --video MINE.mp4

Every measurement is a fresh process; models take turns. The picture is an embedded
portrait of the public domain, the video the same portrait moving over a background.
Beside the time that passes stands the processor time, which other programs on the
machine change less.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import detect_stages
import numpy as np
import typer
from process_cost import Cost, run_measured
from rich.console import Console
from rich.table import Table

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.loading import find_model
from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import write_video

HEIGHT, WIDTH = 720, 1280
FACE_HEIGHT = 360
VIDEO_FPS = 24.0


def moving_portrait(seconds: float) -> Iterator[np.ndarray]:
    """uint8 [720, 1280, 3] RGB frames: one person goes from left to right."""
    face = load_portraits()[0].image()
    width = round(face.shape[1] * FACE_HEIGHT / face.shape[0])
    face = cv2.resize(face, (width, FACE_HEIGHT), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    back = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    top, count = (HEIGHT - FACE_HEIGHT) // 2, round(seconds * VIDEO_FPS)
    for index in range(count):
        frame = back.copy()
        left = (WIDTH - width) * index // max(1, count - 1)
        frame[top : top + FACE_HEIGHT, left : left + width] = face
        yield frame


def detect(path: Path, model: Path, fps: float) -> tuple[Cost, int]:
    """One call of the command line; its cost and the frames that it scored."""
    with tempfile.TemporaryDirectory(prefix="fakeloc-bench-") as folder:
        out = Path(folder) / "out"
        call = ["-m", "fakeloc_tf.cli", "detect", str(path), "--model", str(model)]
        cost = run_measured([*call, "--out", str(out), "--fps", str(fps)])
        row = json.loads((out / "results.jsonl").read_text().splitlines()[0])
    if row["status"] != "ok":
        raise typer.BadParameter(f"{path}: {row['status']}, there is nothing to time")
    return cost, len(row.get("frames", [0]))


def import_seconds(model: Path) -> dict[str, float]:
    """Seconds that each package takes to import, its own modules alone."""
    call = [sys.executable, "-X", "importtime", detect_stages.__file__, str(model)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    seconds: dict[str, float] = defaultdict(float)
    for line in done.stderr.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdecimal():
            package = parts[2].strip().split(".")[0]
            seconds[package] += int(parts[0]) / 1e6
    return dict(seconds)


def bench(
    model: Annotated[list[Path], typer.Option(help="run folder or export; several")],
    video: Annotated[Path | None, typer.Option(help="an own video")] = None,
    fps: Annotated[float, typer.Option(help="frames a second to score")] = 4.0,
    seconds: Annotated[float, typer.Option(help="of the video that is made")] = 20.0,
    runs: Annotated[int, typer.Option(min=1, help="of each measurement")] = 3,
) -> None:
    """Prints where the time goes until the first answer, and the speed on a video."""
    console = Console()
    with tempfile.TemporaryDirectory(prefix="fakeloc-bench-") as folder:
        picture = Path(folder) / "picture.png"
        write_png(picture, load_portraits()[0].image())
        if video is None:
            video = Path(folder) / "video.mp4"
            write_video(video, moving_portrait(seconds), VIDEO_FPS)
        starts = report_stages(console, model, picture, runs)
        report_video(console, model, video, fps, runs, starts)
    for path in model:
        report_imports(console, path)


def report_stages(
    console: Console, models: list[Path], picture: Path, runs: int
) -> dict[Path, float]:
    """Seconds of each step until the first answer; returns those of the whole call."""
    stages: dict[Path, list[dict[str, float]]] = {path: [] for path in models}
    calls: dict[Path, list[Cost]] = {path: [] for path in models}
    for _ in range(runs):
        for path in models:
            stages[path].append(detect_stages.measure_apart(path, picture))
            calls[path].append(detect(picture, path, 1.0)[0])
    table = Table("one picture, median s", *map(name_of, models))
    for stage in detect_stages.STAGES:
        table.add_row(
            stage, *(f"{median(r[stage] for r in stages[m]):.2f}" for m in models)
        )
    whole = {m: median(cost.seconds for cost in calls[m]) for m in models}
    table.add_row("whole call", *(f"{whole[m]:.2f}" for m in models))
    add_costs(table, [calls[m] for m in models])
    console.print(table)
    return whole


def report_video(
    console: Console,
    models: list[Path],
    video: Path,
    fps: float,
    runs: int,
    starts: dict[Path, float],
) -> None:
    """Frames a second of the whole call, and without the time of one picture."""
    calls: dict[Path, list[Cost]] = {path: [] for path in models}
    frames = 0
    for _ in range(runs):
        for path in models:
            cost, frames = detect(video, path, fps)
            calls[path].append(cost)
    whole = {m: median(cost.seconds for cost in calls[m]) for m in models}
    table = Table(f"video, {frames} frames scored", *map(name_of, models))
    table.add_row("whole call, s", *(f"{whole[m]:.2f}" for m in models))
    rates = [frames / (whole[m] - starts[m]) for m in models]
    table.add_row("frames/s without start", *(f"{rate:.1f}" for rate in rates))
    table.add_row("frames/s of the call", *(f"{frames / whole[m]:.1f}" for m in models))
    add_costs(table, [calls[m] for m in models])
    console.print(table)


def add_costs(table: Table, calls: list[list[Cost]]) -> None:
    """Rows for processor time and memory."""
    table.add_row(
        "processor s", *(f"{median(c.cpu for c in row):.2f}" for row in calls)
    )
    peaks = (max(c.megabytes for c in row) for row in calls)
    table.add_row("peak MB, all processes", *(f"{peak:.0f}" for peak in peaks))


def report_imports(console: Console, model: Path) -> None:
    """The packages that take longest to import."""
    seconds = sorted(import_seconds(model).items(), key=lambda pair: -pair[1])
    table = Table(f"imports, {name_of(model)}", "s")
    for package, value in seconds[:8]:
        table.add_row(package, f"{value:.2f}")
    table.add_row("all", f"{sum(value for _, value in seconds):.2f}")
    console.print(table)


def median(values: Iterator[float]) -> float:
    """Of any iterable."""
    return statistics.median(list(values))


def name_of(model: Path) -> str:
    """The format and the folder."""
    return f"{find_model(model).format}\n{model.name}"


if __name__ == "__main__":
    typer.run(bench)
