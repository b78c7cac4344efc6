"""Files an hour of `pipelines.score`, and what a million pictures cost, by engine.

python tools/bench_score.py --model RUN --model OPENVINO_EXPORT --few 40 --many 240

Whole runs of the command on two numbers of pictures: the difference is the work, the
rest of the shorter run is start-up. Pictures are made from the embedded portraits, each
another crop at another scale; one face in each. With `--readers 0` and another number,
the rows also show what it costs that other processes read the files.
"""

from __future__ import annotations

import itertools
import os
import statistics
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from process_cost import Cost, run_measured
from rich.console import Console
from rich.table import Table

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.loading import find_model
from fakeloc_tf.inference.workers import default_workers
from fakeloc_tf.media.images import encode_jpeg

MILLION = 1_000_000
# Of the picture's height, how much the portrait takes.
SCALES = (0.45, 0.95)


@dataclass(frozen=True)
class Speed:
    """From two runs.

    Attributes:
        start_up: seconds that do not grow with the files.
        seconds: a file.
        cpu: processor seconds a file.
    """

    start_up: float
    seconds: float
    cpu: float


def speed_of(few: Cost, many: Cost, files: tuple[int, int]) -> Speed:
    """What a file takes.

    Args:
        few, many: of two runs.
        files: of each.
    """
    more = files[1] - files[0]
    seconds = (many.seconds - few.seconds) / more
    return Speed(few.seconds - files[0] * seconds, seconds, (many.cpu - few.cpu) / more)


def price_of_million(speed: Speed, cores: int, price: float) -> tuple[float, float]:
    """Core hours that a million files keep busy or waiting, and their price.

    Args:
        speed: of one machine.
        cores: of that machine; all of them are paid for.
        price: of one core for one hour.
    """
    hours = MILLION * speed.seconds * cores / 3600
    return hours, hours * price


def write_pictures(folder: Path, count: int, width: int) -> None:
    """`count` pictures of `width` by 3/4 of it, no two alike."""
    rng = np.random.default_rng(0)
    portraits = [portrait.image() for portrait in load_portraits()]
    height = width * 3 // 4
    for number in range(count):
        portrait = portraits[number % len(portraits)]
        scale = rng.uniform(*SCALES) * height / portrait.shape[0]
        person = cv2.resize(portrait, None, fx=scale, fy=scale)
        person = person[:height, :width]
        # Out of focus behind, so that there is only one face.
        picture = cv2.resize(cv2.resize(portrait, (8, 6)), (width, height))
        top = rng.integers(0, height - person.shape[0] + 1)
        left = rng.integers(0, width - person.shape[1] + 1)
        picture[top : top + person.shape[0], left : left + person.shape[1]] = person
        path = folder / f"{number // 500:04d}" / f"{number:08d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_jpeg(picture))


def score(folder: Path, model: Path, readers: int) -> Cost:
    """One run of the command."""
    with tempfile.TemporaryDirectory() as out:
        call = ["-m", "pipelines.score", "--input", str(folder), "--model", str(model)]
        return run_measured([*call, "--out", f"{out}/0", "--readers", str(readers)])


def measure(
    top: Path, model: Path, readers: int, files: tuple[int, int], repeats: int
) -> Speed:
    """Medians of runs on two folders, after one that only warms the disk's cache."""
    score(top / f"{files[0]}", model, readers)
    speeds = [
        speed_of(*(score(top / f"{n}", model, readers) for n in files), files)
        for _ in range(repeats)
    ]
    return Speed(*map(statistics.median, zip(*map(astuple, speeds), strict=True)))


def bench(
    model: Annotated[list[Path], typer.Option(help="run or export; several times")],
    few: Annotated[int, typer.Option(help="pictures of the shorter run")] = 64,
    many: Annotated[int, typer.Option(help="pictures of the longer run")] = 512,
    width: Annotated[int, typer.Option(help="of the pictures, in pixels")] = 1280,
    readers: Annotated[
        list[int] | None, typer.Option(help="processes that read; several times")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="of both runs")] = 1,
    price: Annotated[
        float, typer.Option(help="of one core for one hour, in your currency")
    ] = 0.05,
) -> None:
    """Prints a row for each model and number of readers."""
    if not 0 < few < many:
        raise typer.BadParameter("give --many above --few, and --few above 0")
    load, cores = os.getloadavg()[0], default_workers()
    head = "engine,readers,start-up s,files an hour,ms a file,CPU ms a file"
    table = Table(*head.split(","), "core hours a million", f"cost at {price}")
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        for count in (few, many):
            write_pictures(top / f"{count}", count, width)
        for path, number in itertools.product(model, readers or [cores]):
            speed = measure(top, path, number, (few, many), repeats)
            million = price_of_million(speed, cores, price)
            table.add_row(find_model(path).format, f"{number}", *texts(speed, million))
    Console().print(table)
    Console().print(
        f"{width} x {width * 3 // 4}, one face each, {few} and {many} pictures, "
        f"{cores} cores, median of {repeats}; the million is computed from it; load of "
        f"the machine before: {load:.1f}, with which the times mean little above 0.5"
    )


def texts(speed: Speed, million: tuple[float, float]) -> list[str]:
    """The figures of a row."""
    return [
        f"{speed.start_up:.1f}",
        f"{3600 / speed.seconds:,.0f}",
        f"{1000 * speed.seconds:.0f}",
        f"{1000 * speed.cpu:.0f}",
        *(f"{value:,.1f}" for value in million),
    ]


if __name__ == "__main__":
    typer.run(bench)
