"""`fakeloc detect` on folders of very many files: time, memory, resume, report.

python tools/bench_many_files.py --model RUN --count 1000 --count 10000

Small pictures under names of their own: one in twenty has a face, one in ten cannot be
read, the others are too small to look at, so that what is measured is what a file
costs beside looking for faces. A second call on each folder is killed half-way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import cv2
import typer
from fuzz_seeds import PORTRAIT
from process_cost import children_of, peak_megabytes
from rich.console import Console
from rich.table import Table

from fakeloc_tf.media.images import encode_jpeg, read_image


def make_folder(folder: Path, count: int) -> None:
    """`count` pictures in folders of 500, with the same 500 names in each."""
    portrait = read_image(PORTRAIT)
    face = encode_jpeg(cv2.resize(portrait, (200, 200), interpolation=cv2.INTER_AREA))
    tiny = encode_jpeg(cv2.resize(portrait, (36, 36), interpolation=cv2.INTER_AREA))
    for number in range(count):
        path = folder / f"{number // 500:03d}" / f"frame{number % 500:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        broken = face[: len(face) // 2]
        data = face if number % 20 == 0 else broken if number % 10 == 1 else tiny
        path.write_bytes(data)


def peaks_mb(process: int) -> tuple[int, int]:
    """Peak memory of a process, and the largest of its children's."""
    children = (peak_megabytes(child) for child in children_of(process))
    return int(peak_megabytes(process)), int(max(children, default=0))


def call(model: Path, folder: Path, out: Path, kill_at: int = 0) -> tuple[float, ...]:
    """Seconds and peaks (parent, worker) of a call; one is killed at `kill_at` rows."""
    command = [sys.executable, "-m", "fakeloc_tf.detect", folder, "--model", model]
    start, parent, worker, rows = time.perf_counter(), 0, 0, out / "results.jsonl"
    process = subprocess.Popen(
        [*map(str, command), "--out", str(out), "--face-side", "400"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    while process.poll() is None:
        peaks = peaks_mb(process.pid)
        parent, worker = max(parent, peaks[0]), max(worker, peaks[1])
        if kill_at and rows.exists() and rows.read_bytes().count(b"\n") >= kill_at:
            process.send_signal(signal.SIGKILL)
        time.sleep(0.1)
    process.wait()
    return time.perf_counter() - start, parent, worker


def bench(
    model: Annotated[Path, typer.Option(help="run folder")],
    count: Annotated[list[int], typer.Option(help="files; give it several times")],
) -> None:
    """Prints a row for each number of files."""
    head = "files,s,ms a file,parent MB,worker MB,resume s,again s,report KB"
    table = Table(*head.split(","))
    for files in count:
        with tempfile.TemporaryDirectory() as top:
            folder, out = Path(top) / "in", Path(top) / "out"
            make_folder(folder, files)
            seconds, parent, worker = call(model, folder, out)
            page = (out / "report.html").stat().st_size >> 10
            again = call(model, folder, out)[0]
            killed = Path(top) / "killed"
            call(model, folder, killed, kill_at=files // 2)
            resumed = call(model, folder, killed)[0]
            values = (seconds, 1000 * seconds / files, parent, worker, resumed, again)
            texts = [f"{value:,.1f}" for value in values]
            table.add_row(f"{files:,}", *texts, f"{page:,}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(bench)
