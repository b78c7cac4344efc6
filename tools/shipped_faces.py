"""The faces of DFDC that were kept: figures of all of them, beside constant masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from shipped_numbers import DASH, Figure, count_faces, face_figures

from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.evaluation.fixed_mask import mean_mask
from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.evaluation.robustness.results import default_folder
from fakeloc_tf.evaluation.robustness.run import measure_robustness
from fakeloc_tf.evaluation.run import evaluate_run

# Pictures of DFDC are in there: beside the run, not beside the card.
FOLDER = "evaluation"
DAMAGES = ("jpeg", "h264", "downscale")
LEVELS = (1, 3, 5)


def evaluate_faces(
    run: Path, records: Path, split: str, threshold: float, size: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Scores every face of a split.

    Args:
        run: folder of the run; a whole evaluation is written into it.
        records: prepared folder.
        split: val or test.
        threshold: from which on a face is called manipulated.
        size: side of the model's input.

    Returns:
        For `figures.json`, and the rows of `predictions.parquet`.
    """
    out = run / FOLDER / f"{records.resolve().name}-{split}"
    metrics, _ = evaluate_run(run, records, split, out, batch_size=16)
    rows = predictions.read(out / "predictions.parquet")
    found = count_faces(rows) | {
        "split": split,
        "threshold": threshold,
        "temperature": metrics["temperature"],
        "people_trained_on": metrics["protocol"]["people"]["shared_with_training"],
        "figures": face_figures(rows, threshold),
        "validation_mask_iou": constant_mask_iou(records, split, size),
        "pixel_auc_pooled_all": metrics["pixel_auc_pooled_all"],
    }
    return found, rows


def constant_mask_iou(records: Path, split: str, size: int) -> Figure:
    """IoU on the fakes of a split, had each got the mean mask of validation's fakes.

    Args:
        records: prepared folder; its validation split may differ from what was
            trained on.
        split: val or test.
        size: side at which masks are compared.
    """
    parts = predictions.evaluate_model(
        _blind,
        dataset.load_split(records, split),
        image_size=size,
        classes=prepared.dataset_info(records)["classes"],
        fixed_mask=mean_mask(records, size, split="val"),
    )
    with dataset.explain_broken_records(records, split):
        rows = pd.concat(parts, ignore_index=True)
    return face_figures(rows, 1.0)["fixed_mask_iou_image_fakes"]


def _blind(faces: tf.Tensor) -> dict[str, tf.Tensor]:
    """A detector that does not look."""
    return {"probability": tf.fill([len(faces), 1], 0.5)}


def damaged_faces(
    run: Path, records: Path, split: str, threshold: float, limit: int
) -> list[dict[str, Any]]:
    """The same for some faces that are coded again or shrunk.

    Args:
        run, records, split, threshold: as of `evaluate_faces`.
        limit: faces, evenly spread over reals and over fakes.

    Returns:
        A row a level as `shipped_groups` has them, the untouched faces first.
    """
    result = measure_robustness(
        run,
        records,
        split,
        default_folder(run, records, split),
        corruptions=DAMAGES,
        levels=LEVELS,
        limit=limit,
    )
    return [
        _title(row)
        | count_faces(rows := result.cell_rows(row["corruption"], row["level"]))
        | {"figures": face_figures(rows, threshold)}
        for row in result.levels.to_dict("records")
    ]


def _title(row: dict[str, Any]) -> dict[str, str]:
    """`condition` and `group` of a row of `robustness.summary.level_table`."""
    if np.isnan(row["parameter"]):
        return {"condition": "untouched", "group": DASH}
    title = CORRUPTIONS[row["corruption"]].title
    return {
        "condition": f"{title}, {row['unit']}",
        "group": f"{row['parameter']:g}",
    }
