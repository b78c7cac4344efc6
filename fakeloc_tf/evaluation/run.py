"""Evaluates a run on one split of a prepared folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fakeloc_tf import shipped
from fakeloc_tf.config import Config
from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions as prediction_rows
from fakeloc_tf.evaluation.examples import draw_examples
from fakeloc_tf.evaluation.fixed_mask import fixed_mask
from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.page.write import write_page
from fakeloc_tf.evaluation.pixel_scores import PixelScores
from fakeloc_tf.evaluation.protocol import STRICT, Allowed, check_protocol
from fakeloc_tf.evaluation.reliability import draw_reliability, reliability_metrics
from fakeloc_tf.evaluation.summary import summarise
from fakeloc_tf.evaluation.tables import write_tables
from fakeloc_tf.models.calibration import read_calibration
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run


def evaluate_run(
    run: Path,
    records: Path,
    split: str,
    out: Path,
    batch_size: int,
    allowed: Allowed = STRICT,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Writes predictions, metrics, tables and figures of a run.

    Args:
        run: folder with `best.keras` and `config.yaml`.
        records: folder that `pipelines.prepare` wrote.
        split: train, val or test.
        out: folder for the results; its files of these names are replaced.
        batch_size: faces at once.
        allowed: what is wanted although it breaks the protocol.

    Returns:
        The metrics and the table of the methods.

    Raises:
        FakelocError: run or records are missing, broken, or do not fit together; or
            the protocol would be broken (`evaluation.protocol`).
    """
    model, config, run_metrics = load_run(run)
    info = prepared.dataset_info(records)
    checked = check_protocol(run, config, run_metrics, records, split, allowed)
    constant, source = training_mask(run, config, records)
    score, pixels = as_scorer(model), PixelScores()
    rows = _score_faces(
        score, config, records, split, constant, pixels, out, batch_size
    )
    threshold = run_metrics.get("validation_threshold")
    calibration = read_calibration(run)
    metrics = {
        "run": config.name,
        "dataset": info["name"],
        "split": split,
        "fixed_mask_from": source,
        **summarise(rows, threshold),
        **pixels.metrics(),
        **reliability_metrics(rows, calibration),
        **checked,
    }
    table = method_table(rows, threshold)
    pixels.write(out / "pixel_scores.csv")
    write_tables(out, table, metrics)
    draw_reliability(out, rows, calibration)
    draw_examples(
        out / "examples.png",
        score,
        RecordSource(records, split),
        image_size=config.model.image_size,
        classes=info["classes"],
    )
    write_page(
        out,
        metrics,
        rows,
        table,
        run=run,
        records=records,
        score=score,
        image_size=config.model.image_size,
        demo=config.data.demo,
    )
    return metrics, table


def _score_faces(
    score: Scorer,
    config: Config,
    records: Path,
    split: str,
    constant: np.ndarray,
    pixels: PixelScores,
    out: Path,
    batch_size: int,
) -> pd.DataFrame:
    """Writes `predictions.parquet` of a split, and reads it."""
    file = out / "predictions.parquet"
    with dataset.explain_broken_records(records, split):
        parts = prediction_rows.evaluate_model(
            score,
            dataset.load_split(records, split),
            image_size=config.model.image_size,
            classes=prepared.dataset_info(records)["classes"],
            fixed_mask=constant,
            model_classes=config.model.classes if config.model.five_way else (),
            batch_size=batch_size,
            pixels=pixels,
        )
        if not prediction_rows.write(parts, file):
            raise FakelocError(f"{records}: the split {split!r} has no faces")
    return prediction_rows.read(file)


def training_mask(run: Path, config: Config, records: Path) -> tuple[np.ndarray, str]:
    """The fixed mask, from the run's own training records where they still are.

    Returns:
        (float32 [S, S] in 0..1, folder name that it comes from).
    """
    own = Path(config.data.records)
    try:
        prepared.split_files(own, "train")
        source, methods = own, config.data.methods
    except FakelocError:
        # Other records may have other methods.
        source, methods = records, ()
    size = config.model.image_size
    keep = shipped.results_folder(run)
    return fixed_mask(keep, source, size, methods), source.as_posix()
