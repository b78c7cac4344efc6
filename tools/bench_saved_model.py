"""What decoding inside a SavedModel costs, and whether a thousand calls leave anything.

python tools/bench_saved_model.py --export exports/ffpp_c23

Decoding by `exports.pictures`, where a broken crop costs its own row alone, against a
plain `tf.map_fn` of the same steps, where it fails the batch; in turns, on a JPEG of an
embedded portrait. Then the export is asked again and again, with a broken crop in each
batch, and the memory of the process is looked at.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import tensorflow as tf
import typer
from process_cost import peak_megabytes
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.loading import find_model
from fakeloc_tf.media.images import encode_jpeg
from fakeloc_tf.serving.exports import pictures

ROWS = [tf.TensorSpec([None], tf.string)]
LOOKS = 10


def crop_jpeg(side: int) -> bytes:
    """A portrait of the public domain, as large as a crop."""
    image = load_portraits()[0].image()
    return encode_jpeg(cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA))


def decoders(size: int) -> dict[str, Callable[[tf.Tensor], object]]:
    """Name → graph from string [B] to faces."""

    def plain(rows: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda one: pictures._decode(one, size),
            rows,
            fn_output_signature=tf.float32,
        )

    def robust(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return pictures.decode_crops(rows, size)

    return {
        name: tf.function(graph, input_signature=ROWS)
        for name, graph in (("plain map_fn", plain), ("a broken row apart", robust))
    }


def milliseconds(
    graphs: dict[str, Callable[[tf.Tensor], object]], rows: tf.Tensor, times: int
) -> dict[str, list[float]]:
    """Of each call, the graphs in turns."""
    took: dict[str, list[float]] = {name: [] for name in graphs}
    for turn in range(times + 1):
        for name, graph in graphs.items():
            start = time.perf_counter()
            graph(rows)
            if turn:  # the first is a warm-up
                took[name].append(1e3 * (time.perf_counter() - start))
    return took


def memory(export: Path, crop: bytes, calls: int, batch: int) -> list[float]:
    """Peak megabytes of this process so far, `LOOKS` times over the calls."""
    loaded = tf.saved_model.load(str(find_model(export).path))
    rows = tf.constant([crop] * (batch - 1) + [crop[:100]])
    megabytes = []
    for call in track(range(calls), f"{calls} calls", transient=True):
        loaded.signatures["compact"](image_bytes=rows)
        if (call + 1) % max(1, calls // LOOKS) == 0:
            megabytes.append(peak_megabytes(os.getpid()))
    return megabytes


def main(
    export: Annotated[Path, typer.Option(help="Folder of a SavedModel.")],
    calls: Annotated[int, typer.Option(min=1, help="Of the export.")] = 1000,
    batch: Annotated[int, typer.Option(min=2, help="Crops of such a call.")] = 2,
    side: Annotated[int, typer.Option(min=16, help="Pixels of a crop.")] = 299,
    times: Annotated[int, typer.Option(min=1, help="Batches decoded.")] = 30,
) -> None:
    """Prints both."""
    console = Console()
    crop = crop_jpeg(side)
    table = Table("decoding, ms a batch (median, best)", "1 crop", "32 crops")
    took = [
        milliseconds(decoders(side), tf.constant([crop] * count), times)
        for count in (1, 32)
    ]
    for name in took[0]:
        cells = [f"{statistics.median(t[name]):.1f}, {min(t[name]):.1f}" for t in took]
        table.add_row(name, *cells)
    console.print(table)
    looks = memory(export, crop, calls, batch)
    console.print(
        f"megabytes over {calls} calls: {', '.join(f'{m:.0f}' for m in looks)}"
    )


if __name__ == "__main__":
    typer.run(main)
