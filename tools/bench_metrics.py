"""Seconds and memory of the metrics of a large evaluation, on made-up predictions.

python tools/bench_metrics.py

The file is written in parts and read back, as `fakeloc evaluate` does. Making the rows
is not counted; neither is scoring faces, of which only the masks' comparison is timed.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score, roc_auc_score

from fakeloc_tf import metrics
from fakeloc_tf.evaluation import predictions as prediction_rows
from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.summary import summarise

METHODS = ("pristine", "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
SIZE = 299
PART = 10_000


def made_up_rows(frames: int, videos: int, seed: int) -> Iterator[pd.DataFrame]:
    """Rows of the columns of `evaluate_model`, some thousand at a time."""
    rng = np.random.default_rng(seed)
    names = np.array(METHODS)
    of_video = rng.normal(0, 1, videos)
    for first in range(0, frames, PART):
        frame = np.arange(first, min(first + PART, frames))
        video = frame * videos // frames
        label = (video % len(METHODS) > 0).astype(int)
        true = label * rng.integers(9_000, 30_000, len(frame))
        both = (true * rng.random(len(frame))).astype(int)
        either = true + rng.integers(0, 9_000, len(frame))
        fixed = (true * rng.random(len(frame))).astype(int)
        logit = 1.5 * label + of_video[video] + rng.normal(0, 1, len(frame))
        yield pd.DataFrame(
            {
                "dataset": "made-up",
                "video_id": np.char.mod("%05d", video),
                "quality": "c23",
                "method": names[video % len(METHODS)],
                "frame": frame % (frames // videos),
                "label": label,
                "probability": (1 / (1 + np.exp(-logit))).astype(np.float32),
                "mask_valid": True,
                "pixels": SIZE**2,
                "true_pixels": true,
                "intersection": both,
                "union": either,
                "iou": metrics.iou_of_areas(both, either),
                "pixel_auc": np.where(label, rng.random(len(frame)), np.nan),
                "pixel_auc_error": np.where(label, 1e-4, np.nan),
                "fixed_intersection": fixed,
                "fixed_union": true + 20_000 - fixed,
                "fixed_pixel_auc": np.where(label, rng.random(len(frame)), np.nan),
            }
        )


def scikit_learn(rows: pd.DataFrame, resamples: int) -> float:
    """Seconds that scikit-learn needs for AUC and AP of as many weightings."""
    weights = np.random.default_rng(0).integers(0, 3, len(rows))
    start = time.perf_counter()
    for metric in (roc_auc_score, average_precision_score):
        metric(rows["label"], rows["probability"], sample_weight=weights)
    return (time.perf_counter() - start) * resamples


def comparing_maps(faces: int = 64) -> float:
    """Seconds for the columns of one face that compare maps."""
    rng = np.random.default_rng(0)
    maps = rng.random((faces, SIZE, SIZE), np.float32)
    true = rng.random((faces, SIZE, SIZE)) > 0.7
    both = {"model": maps, "fixed_mask": maps[0]}
    start = time.perf_counter()
    prediction_rows.compare_maps(both, true)
    return (time.perf_counter() - start) / faces


def bench(
    frames: Annotated[int, typer.Option(help="rows")] = 1_000_000,
    videos: Annotated[int, typer.Option(help="that the frames belong to")] = 10_000,
    resamples: Annotated[int, typer.Option(help="of the bootstrap")] = 1000,
    seed: Annotated[int, typer.Option(help="of the rows")] = 0,
) -> None:
    """Prints seconds of each step and the highest memory of the process."""
    title = f"{frames:,} frames, {videos:,} videos, {resamples:,} resamples"
    # CPU seconds: both cores' together, and what does not depend on other work.
    table = Table("step", "s", "CPU s", "peak memory so far, GB", title=title)

    def timed(name: str, call: Callable[[], Any]) -> Any:
        start, cpu_start = time.perf_counter(), time.process_time()
        result = call()
        seconds[name] = time.perf_counter() - start
        cpu = time.process_time() - cpu_start
        # Linux tells kilobytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        table.add_row(name, f"{seconds[name]:.1f}", f"{cpu:.1f}", f"{peak:.2f}")
        return result

    seconds: dict[str, float] = {}
    timed("start of the process", lambda: None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "predictions.parquet"
        made = made_up_rows(frames, videos, seed)
        timed("make and write the rows", lambda: prediction_rows.write(made, file))
        rows = timed("read the rows", lambda: prediction_rows.read(file))
    drawn = {"resamples": resamples}
    timed("metrics with intervals", lambda: summarise(rows, 0.5, **drawn))
    timed("table of the methods", lambda: method_table(rows, 0.5, **drawn))
    total = sum(list(seconds.values())[2:])
    table.add_row("the last three", f"{total:.1f}", "", "")
    console = Console()
    console.print(table)
    console.print(
        f"scikit-learn, AUC and AP of {resamples:,} resamples: "
        f"{scikit_learn(rows, resamples):.0f} s (one was run)"
    )
    console.print(
        f"comparing two {SIZE}×{SIZE} maps of a face with its true mask: "
        f"{1e3 * comparing_maps():.2f} ms"
    )


if __name__ == "__main__":
    typer.run(bench)
