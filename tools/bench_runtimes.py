"""One run in every runtime: size, time to load, ms a face, memory, AUC and IoU.

python tools/bench_runtimes.py --run RUN --data RECORDS --exports DIR --out TABLE

Writes TABLE.md and TABLE.csv. Exports that DIR has not yet are made. Every engine has a
process of its own, in turns, and is compared with Keras in the same turn, since other
programs on the machine change from one turn to the next.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import runtime_probe
import runtime_scores
import typer
from process_cost import run_measured
from rich.console import Console

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_folder, write_text
from fakeloc_tf.inference import loading
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.run_info import info_of_run
from fakeloc_tf.models.scorer import load_run
from fakeloc_tf.serving.exports.formats import FORMATS

KERAS = "keras"
# Which run the exports are of: its `model_sha256`.
MADE_OF = "made_of.txt"
TIMES = ("load_s", "first_face_s", *(f"ms_batch_{n}" for n in runtime_probe.BATCHES))
MEGABYTE = 1e6

console = Console(stderr=True)


def bench(
    run: Annotated[Path, typer.Option(help="folder of the run")],
    data: Annotated[Path, typer.Option(help="prepared records; their test split")],
    exports: Annotated[Path, typer.Option(help="folder for the exports")],
    out: Annotated[Path, typer.Option(help="the tables, without an ending")],
    faces: Annotated[int, typer.Option(min=16, help="to score, at most")] = 1000,
    turns: Annotated[int, typer.Option(min=1, help="of the timings")] = 3,
    only: Annotated[list[str] | None, typer.Option(help="formats; several")] = None,
) -> None:
    """Measures every runtime and writes the tables."""
    wanted = only or list(FORMATS)
    models, missing = {KERAS: run}, {}
    for name in wanted:
        try:
            models[name] = export_of(run, name, exports)
        except FakelocError as error:
            missing[name] = str(error)
            console.print(f"{name}: left out, {error}")
    test = runtime_scores.read_faces(data, faces)
    info = info_of(run)
    with tempfile.TemporaryDirectory(prefix="fakeloc-runtimes-") as folder:
        crops = Path(folder) / "crops.npy"
        np.save(crops, test.crops(info.crop_size))
        count = len(np.load(crops, mmap_mode="r"))
        costs, answers = measure(models, crops, Path(folder), turns)
    keras_rows = runtime_scores.rows_of(answers[KERAS], test, info.image_size)
    rows = []
    for name, path in models.items():
        own = runtime_scores.rows_of(answers[name], test, info.image_size)
        rows.append(
            {"runtime": name, "file_mb": size_of(name, path)}
            | summarise_times(costs[name], costs[KERAS])
            | runtime_scores.differences(answers[name], answers[KERAS])
            | runtime_scores.compare(own, keras_rows)
        )
    table = pd.DataFrame(rows)
    write_text(out.with_suffix(".csv"), table.to_csv(index=False))
    text = markdown(table, caption(info, count, turns), missing)
    write_text(out.with_suffix(".md"), text)
    typer.echo(text)


def info_of(run: Path) -> ModelInfo:
    """Sizes of the run's crops and input."""
    _, config, metrics = load_run(run)
    return info_of_run(run, config, metrics)


def export_of(run: Path, name: str, exports: Path) -> Path:
    """The export of that format, made if it is not there.

    Raises:
        FakelocError: it cannot be made, or those that are there are of another run.
    """
    of, made_of = loading.model_sha256(run), exports / MADE_OF
    if made_of.is_file() and made_of.read_text().strip() != of:
        raise FakelocError(f"{exports} has exports of another model; use another DIR")
    write_text(made_of, of + "\n")
    folder = exports / name
    if not folder.exists():
        console.print(f"{name}: exporting")
        model, config, metrics = load_run(run)
        info = info_of_run(run, config, metrics)
        with new_folder(folder) as new:
            FORMATS[name].write(model, info, new)
    return folder


def measure(
    models: dict[str, Path], crops: Path, folder: Path, turns: int
) -> tuple[dict[str, list[dict[str, float]]], dict[str, dict[str, np.ndarray]]]:
    """Every model in a process of its own, in turns; the scores in the first turn.

    Returns:
        (name → measurements, one a turn; name → `probability` and `localization`).
    """
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in models}
    answers: dict[str, dict[str, np.ndarray]] = {}
    found, said = folder / "found.json", folder / "answers.npz"
    for turn in range(turns):
        for name, path in models.items():
            console.print(f"{name}: turn {turn + 1} of {turns}")
            call = [runtime_probe.__file__, str(path), str(crops), str(found)]
            # The first turn is not the one whose memory counts: scores pile up in it.
            cost = run_measured([*call, *([str(said)] if turn == 0 else [])])
            numbers = json.loads(found.read_text()) | {"peak_mb": cost.megabytes}
            costs[name].append(numbers)
            if turn == 0:
                with np.load(said) as file:
                    answers[name] = dict(file)
    return costs, answers


def summarise_times(
    own: list[dict[str, float]], keras: list[dict[str, float]]
) -> dict[str, float]:
    """Medians over the turns, and of the ratios to Keras in the same turn."""
    result = {name: statistics.median(turn[name] for turn in own) for name in TIMES}
    for name in TIMES:
        ratios = [k[name] / o[name] for k, o in zip(keras, own, strict=True)]
        result[f"{name}_keras_over_this"] = statistics.median(ratios)
    result["peak_mb"] = min(turn["peak_mb"] for turn in own)
    return result


def size_of(name: str, path: Path) -> float:
    """MB of what has to be shipped."""
    if name == KERAS:
        return loading.find_model(path).path.stat().st_size / MEGABYTE
    files = [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / MEGABYTE


COLUMNS: dict[str, Callable[[Any], str]] = {
    "runtime": lambda row: row.runtime,
    "MB": lambda row: f"{row.file_mb:.1f}",
    "load s": lambda row: f"{row.load_s:.1f} ({row.load_s_keras_over_this:.1f}×)",
    "ms a face": lambda row: (
        f"{row.ms_batch_1:.0f} ({row.ms_batch_1_keras_over_this:.2f}×)"
    ),
    "of 16": lambda row: (
        f"{row.ms_batch_16:.0f} ({row.ms_batch_16_keras_over_this:.2f}×)"
    ),
    "peak MB": lambda row: f"{row.peak_mb:.0f}",
    "Δp": lambda row: f"{row.p_largest:.1e} ({row.p_mean:.1e})",
    "Δmap": lambda row: f"{row.map_largest:.1e} ({row.map_mean:.1e})",
    "AUC": lambda row: f"{row.auc:.4f}",
    "ΔAUC": lambda row: change(row, "auc"),
    "IoU": lambda row: f"{row.iou:.4f}",
    "ΔIoU": lambda row: change(row, "iou"),
}


def change(row: Any, name: str) -> str:
    """With its interval, if there is one."""
    low, high = (getattr(row, f"{name}_change_{s}", None) for s in ("low", "high"))
    value = f"{getattr(row, f'{name}_change'):+.4f}"
    return value if low is None else f"{value} [{low:+.4f}, {high:+.4f}]"


def caption(info: ModelInfo, count: int, turns: int) -> str:
    """What was measured, and how to read it."""
    return (
        f"`{info.name}`, {info.image_size} px from crops of {info.crop_size}, {count} "
        f"test faces; median of {turns} fresh processes in turns, {os.cpu_count()} "
        f"cores, load {os.getloadavg()[0]:.1f}. (n×): n times as fast as Keras in the "
        "same turn. Δp, Δmap: largest difference from Keras (mean). ΔAUC, ΔIoU: change "
        "from Keras, 95% interval of the paired bootstrap over videos."
    )


def markdown(table: pd.DataFrame, text: str, missing: dict[str, str]) -> str:
    """The table for people; what was left out is below it with its reason."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for row in table.itertuples():
        cells = [cell(row) for cell in COLUMNS.values()]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", text, *(f"\nNot measured: {n}: {why}" for n, why in missing.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    typer.run(bench)
