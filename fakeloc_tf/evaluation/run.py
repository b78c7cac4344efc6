"""Evaluates a run on one split of a prepared folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fakeloc_tf.config import Config, PrepareConfig
from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions as prediction_rows
from fakeloc_tf.evaluation.examples import draw_examples
from fakeloc_tf.evaluation.fixed_mask import fixed_mask
from fakeloc_tf.evaluation.summary import method_table, summarise
from fakeloc_tf.evaluation.tables import write_tables
from fakeloc_tf.models.scorer import as_scorer, load_run


def evaluate_run(
    run: Path, records: Path, split: str, out: Path, batch_size: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Writes predictions, metrics, tables and a figure of examples of a run.

    Args:
        run: folder with `best.keras` and `config.yaml`.
        records: folder that `pipelines.prepare` wrote.
        split: train, val or test.
        out: folder for the results; its files of these names are replaced.

    Returns:
        The metrics and the table of the methods.

    Raises:
        FakelocError: run or records are missing, broken, or do not fit together.
    """
    model, config, run_metrics = load_run(run)
    info = prepared.dataset_info(records)
    check_preparation(config.prepare, info["prepare"], run, records)
    constant, source = training_mask(run, config, records)
    score = as_scorer(model)
    faces = dataset.load_split(records, split)
    with dataset.explain_broken_records(records, split):
        rows = prediction_rows.evaluate_model(
            score,
            faces,
            image_size=config.model.image_size,
            classes=info["classes"],
            fixed_mask=constant,
            model_classes=config.model.classes if config.model.five_way else (),
            batch_size=batch_size,
        )
    if rows.empty:
        raise FakelocError(f"{records}: the split {split!r} has no faces")
    threshold = run_metrics.get("validation_threshold")
    head = {"run": config.name, "dataset": info["name"], "split": split}
    metrics = head | {"fixed_mask_from": source} | summarise(rows, threshold)
    table = method_table(rows, threshold)
    prediction_rows.write(rows, out / "predictions.parquet")
    write_tables(out, table, metrics)
    draw_examples(
        out / "examples.png",
        score,
        faces,
        image_size=config.model.image_size,
        classes=info["classes"],
    )
    return metrics, table


def check_preparation(
    expected: PrepareConfig,
    found: dict[str, Any],
    run: str | os.PathLike[str],
    records: str | os.PathLike[str],
) -> None:
    """Raises a FakelocError unless the crops are like those the run was trained on."""
    for key in ("margin", "sigma"):
        wanted, there = getattr(expected, key), found.get(key)
        if there is None or not np.isclose(wanted, there):
            raise FakelocError(
                f"{records} was prepared with {key}={there}, but the run {run} was "
                f"trained with prepare.{key}={wanted}; prepare the data again with "
                f"that {key}"
            )


def training_mask(run: Path, config: Config, records: Path) -> tuple[np.ndarray, str]:
    """The fixed mask, from the run's own training records where they still are.

    Returns:
        (bool [S, S], folder name that it comes from).
    """
    own = Path(config.data.records)
    try:
        prepared.split_files(own, "train")
        source, methods = own, config.data.methods
    except FakelocError:
        # Other records may have other methods.
        source, methods = records, ()
    size = config.model.image_size
    return fixed_mask(run, source, size, methods), source.as_posix()
