"""Speed and memory of a training step: preset `paper` against `official`, in one run.

python tools/bench_train.py
python tools/bench_train.py --precision float32,mixed_bfloat16
python tools/bench_train.py --memory

The presets take turns. Beside the time that passes stands the processor time of a
step, which other programs on the machine change less.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf
import train_memory
import typer
from rich.console import Console
from rich.table import Table

from fakeloc_tf.config import BackboneConfig, ModelConfig, OptimizerConfig
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.models import build_detector, map_sizes
from fakeloc_tf.training import optimizers, steps, strategies

# The paper's GPU, a 2080 Ti; a tenth stays for CUDA, workspaces and fragments.
GPU_MEGABYTES = 11 * 1024
GPU_SHARE = 0.9
BATCHES = (4, 8, 16, 32)


@dataclass(frozen=True)
class Setup:
    """What is measured."""

    preset: str
    size: int
    batch: int
    precision: str
    backbone: str
    width: float
    accumulate: int = 1


def make(setup: Setup) -> tuple[Callable[[Any], Any], Any, int]:
    """The training step, a batch for it, and the bytes of its variables."""
    keras.config.set_dtype_policy(setup.precision)
    model = build_detector(
        ModelConfig(
            preset=setup.preset,
            image_size=setup.size,
            backbone=BackboneConfig(
                name=setup.backbone, weights="none", width=setup.width
            ),
        )
    )
    optimizer = optimizers.make_optimizer(OptimizerConfig(), 2e-4, setup.precision)
    optimizer.build(model.trainable_variables)
    step = steps.make_train_step(
        model,
        optimizer,
        strategies.make_strategy("one"),
        LossWeights(noise=0.1, mask=1.0),
        accumulate=setup.accumulate,
    )
    variables = [*model.variables, *optimizer.variables]
    size = sum(np.prod(v.shape, dtype=int) * v.value.dtype.size for v in variables)
    return step, random_batch(model, setup), int(size)


def random_batch(model: keras.Model, setup: Setup) -> Any:
    """Faces and targets of noise."""
    random = tf.random.Generator.from_seed(0)
    targets = {
        "label": tf.cast(random.uniform((setup.batch, 1)) > 0.5, tf.float32),
        "mask_valid": tf.ones(setup.batch),
    }
    for tap, (height, width) in map_sizes(model).items():
        for kind in ("semantic", "noise"):
            shape = (setup.batch, height, width, 1)
            targets[f"{kind}_{tap}"] = random.uniform(shape)
    return 255 * random.uniform((setup.batch, setup.size, setup.size, 3)), targets


def run_twice(setup: Setup) -> None:
    """Two steps, the second of which finds the memory of the first."""
    step, batch, _ = make(setup)
    for _ in range(2):
        float(step(batch)["loss"])


def speed(setups: list[Setup], repeats: int) -> Table:
    """Images a second of each setup, measured in turns."""
    runs: dict[Setup, Callable[[], float]] = {}
    for setup in setups:
        step, batch, _ = make(setup)
        # Warms up: the first call traces and the second allocates.
        for _ in range(2):
            float(step(batch)["loss"])
        runs[setup] = lambda step=step, batch=batch: float(step(batch)["loss"])
    wall: dict[Setup, list[float]] = {setup: [] for setup in setups}
    processor: dict[Setup, list[float]] = {setup: [] for setup in setups}
    for _ in range(repeats):
        for setup, run in runs.items():
            start, used = time.perf_counter(), time.process_time()
            run()
            wall[setup].append(time.perf_counter() - start)
            processor[setup].append(time.process_time() - used)
    table = Table(
        *("preset", "precision", "images/s", "× official", "CPU s", "× official"),
        title=f"{setups[0].size} px, batch {setups[0].batch}, median of {repeats}, "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
    )
    for setup in setups:
        other = replace(setup, preset="official")
        row = [setup.preset, setup.precision]
        for times, text in (
            (wall, f"{setup.batch / statistics.median(wall[setup]):.2f}"),
            (processor, f"{statistics.median(processor[setup]):.2f}"),
        ):
            ratio = [a / b for a, b in zip(times[other], times[setup], strict=True)]
            row += [text, f"{statistics.median(ratio):.2f}"]
        table.add_row(*row)
    return table


def measured_memory(setup: Setup, parts: list[int]) -> Table:
    """Peak resident memory of a step on the CPU, by the parts of a batch."""
    table = Table(
        *("accumulate", "faces a part", "peak MB"),
        title=f"{setup.preset}, {setup.precision}, CPU, batch {setup.batch}",
    )
    found = {}
    for accumulate in parts:
        each = setup.batch // accumulate
        found[each] = train_memory.peak_megabytes(
            run_twice, replace(setup, accumulate=accumulate)
        )
        table.add_row(str(accumulate), str(each), f"{found[each]:.0f}")
    if len(found) > 1:
        slope, base = np.polyfit(list(found), list(found.values()), 1)
        table.caption = f"fit: {base:.0f} MB + {slope:.0f} MB a face"
    return table


def estimated_memory(setup: Setup, precisions: list[str]) -> Table:
    """What a step needs on a GPU, from its graph: an estimate, not a measurement.

    Weights and Adam's two moments are the variables; gradients and activations are the
    graph's tensors, at the moment when they are most.
    """
    table = Table(
        *("precision", "MB + MB a face", *map(str, BATCHES), "largest batch"),
        title=f"{setup.preset}: ESTIMATE for a GPU of {GPU_MEGABYTES} MB, MB by batch; "
        f"largest batch: in {GPU_SHARE:.0%} of it",
    )
    for precision in precisions:
        need = []
        for batch in (1, 2):
            step, example, variables = make(
                replace(setup, precision=precision, batch=batch, accumulate=1)
            )
            graph = step.get_concrete_function(example).graph
            need.append(train_memory.graph_megabytes(graph))
        slope = need[1] - need[0]
        base = need[0] - slope + variables / train_memory.MEGABYTE
        table.add_row(
            precision,
            f"{base:.0f} + {slope:.0f}",
            *(f"{base + slope * batch:.0f}" for batch in BATCHES),
            str(int((GPU_SHARE * GPU_MEGABYTES - base) // slope)),
        )
    return table


def bench(
    size: Annotated[int, typer.Option(help="side of the faces")] = 299,
    batch: Annotated[int, typer.Option(help="faces a step")] = 8,
    repeats: Annotated[int, typer.Option(help="runs of each; medians count")] = 5,
    precision: Annotated[
        str, typer.Option(help="training.precision, several with commas between them")
    ] = "float32",
    backbone: Annotated[str, typer.Option(help="model.backbone.name")] = "xception",
    width: Annotated[float, typer.Option(help="model.backbone.width")] = 1.0,
    memory: Annotated[
        bool, typer.Option(help="memory of `paper` at batch 32 instead of speed")
    ] = False,
) -> None:
    """Prints the tables."""
    console = Console()
    precisions = precision.split(",")
    base = Setup("paper", size, batch, precisions[0], backbone, width)
    if not memory:
        setups = [
            replace(base, preset=preset, precision=each)
            for each in precisions
            for preset in ("paper", "official")
        ]
        console.print(speed(setups, repeats))
        return
    console.print(estimated_memory(base, ["float32", "mixed_float16"]))
    for each in precisions:
        setup = replace(base, batch=32, precision=each)
        console.print(measured_memory(setup, [8, 4, 2, 1]))


if __name__ == "__main__":
    typer.run(bench)
