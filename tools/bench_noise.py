"""Speed of the noise filter against its plain transcription, one core, one run.

python tools/bench_noise.py
"""

from __future__ import annotations

import statistics
import sys
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from fakeloc_tf import noise
from fakeloc_tf.noise import db4, wavelet_filter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from references import noise as transcription  # noqa: E402


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Median of `repeats` runs after one that warms up (and compiles)."""
    call()
    return 1e3 * statistics.median(timeit.repeat(call, number=1, repeat=repeats))


def bench(
    size: Annotated[int, typer.Option(help="side of the picture")] = 299,
    sigma: Annotated[float, typer.Option(help="of the filter")] = 5.0,
    repeats: Annotated[int, typer.Option(help="runs; the median counts")] = 50,
    seed: Annotated[int, typer.Option(help="of the picture")] = 0,
) -> None:
    """Prints the times, their ratio and the stages' shares."""
    # Neither side has threads of its own; this keeps it so.
    threadpool_limits(1)
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(rng.normal(0, 2, (size, size, 3)), axis=1) + 128
    image = np.clip(smooth, 0, 255).astype(np.uint8)
    slow = milliseconds(lambda: transcription.residual(image, sigma), repeats)
    fast = milliseconds(lambda: noise.noise_residual(image, sigma), repeats)
    error = noise.noise_residual(image, sigma) - transcription.residual(image, sigma)
    table = Table("noise residual", "ms", title=f"{size}×{size}×3, σ {sigma:g}")
    table.add_row("PyWavelets + SciPy, float64", f"{slow:.2f}")
    table.add_row("fakeloc_tf.noise, float32", f"{fast:.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"ratio {slow / fast:.1f}; largest difference {np.abs(error).max():.1e}"
    )
    console.print(stages(image, sigma, fast, repeats))


def stages(image: np.ndarray, sigma: float, whole: float, repeats: int) -> Table:
    """Time of each stage over the three colours and four levels."""
    plane = image[..., 0].astype(np.float32) - np.float32(128)
    variance = np.float32(sigma**2)
    spent = dict.fromkeys(("split", "Wiener step", "join"), 0.0)
    for _ in range(wavelet_filter.LEVELS):
        low, high = db4.split_down(plane)
        next_plane, detail = db4.split_across(low)
        for name, calls in {
            "split": (
                lambda p=plane: db4.split_down(p),
                lambda b=low: db4.split_across(b),
                lambda b=high: db4.split_across(b),
            ),
            "Wiener step": (lambda b=detail: wavelet_filter.wiener_noise(b, variance),)
            * 3,
            "join": (
                lambda b=detail: db4.join_across(b, b),
                lambda b=detail: db4.join_across(b, b),
                lambda a=low, b=high: db4.join_down(a, b),
            ),
        }.items():
            spent[name] += 3 * sum(milliseconds(call, repeats) for call in calls)
        plane = next_plane
    spent["colours apart and together"] = whole - sum(spent.values())
    table = Table("stage", "ms", "share")
    for name, time in spent.items():
        table.add_row(name, f"{time:.2f}", f"{time / whole:.0%}")
    return table


if __name__ == "__main__":
    typer.run(bench)
