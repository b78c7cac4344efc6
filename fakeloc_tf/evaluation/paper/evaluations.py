"""Evaluations of the experiments' runs, each made once and shared by the items."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import pandas as pd

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.evaluation.run import evaluate_run
from fakeloc_tf.files import file_sha256, write_text

BATCH_SIZE = 32


@dataclass(frozen=True)
class Evaluated:
    """A run on the faces of a split.

    Attributes:
        rows: a line a face (`predictions.evaluate_model`).
        metrics: of `summary.summarise`.
    """

    rows: pd.DataFrame
    metrics: dict[str, Any]

    @property
    def threshold(self) -> float | None:
        """Chosen on the run's validation faces."""
        return self.metrics["validation_threshold"]


def evaluate_once(
    run: Path, records: Path, name: str, split: str = "test"
) -> Evaluated:
    """Evaluates a run, or reads what an earlier call has written.

    It is made again where model or records have changed since.

    Args:
        run: folder of a finished run.
        records: prepared data set.
        name: what the records are called, such as c23 or celebdf.
        split: train, val or test.

    Raises:
        FakelocError: run or records are broken, or do not fit together.
    """
    folder = run / "evaluation" / f"{name}-{split}"
    note, source = folder / "made_from.json", _source(run, records)
    if _read(note) != source:
        evaluate_run(run, records, split, folder, BATCH_SIZE)
        # A dozen models one after the other would not fit into memory.
        keras.utils.clear_session()
        write_text(note, json.dumps(source) + "\n")
    metrics = _read(folder / "metrics.json")
    if metrics is None:
        raise FakelocError(f"{folder}/metrics.json is broken; remove {folder}")
    return Evaluated(predictions.read(folder / "predictions.parquet"), metrics)


def _source(run: Path, records: Path) -> dict[str, str]:
    """Hashes of what an evaluation depends on."""
    needed = [run / "best.keras", run / "metrics.json", records / "dataset.json"]
    for path in needed:
        if not path.is_file():
            raise FakelocError(f"{path} is missing; is {path.parent} complete?")
    # Its thresholds and temperature may change after the training.
    calibration = run / "calibration.json"
    there = [*needed, *([calibration] if calibration.is_file() else [])]
    return {path.name: file_sha256(path) for path in there}


def _read(path: Path) -> dict[str, Any] | None:
    """A JSON file; None where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
