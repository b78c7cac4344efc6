"""A row a level, and the means over the corruptions; from predictions alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.evaluation.robustness.results import CLEAN, Cell
from fakeloc_tf.evaluation.summary import summarise

AT_THRESHOLD = "at_validation_threshold"
# Columns that come as they are from `evaluation.summary.summarise`.
MEASURES = (
    "frame_auc",
    "frame_eer",
    f"frame_accuracy_{AT_THRESHOLD}",
    "iou_image_fakes",
    "fixed_mask_iou_image_fakes",
    "iou_pooled",
    "pbca_image_all",
)
# What the means over the corruptions are of: the score and the mask.
SUMMARISED = ("frame_auc", "iou_image_fakes")
# Columns of `corruption_table`, for people.
CORRUPTION_TITLES = {
    "corruption": "Corruption",
    "levels": "Levels",
    "mean_frame_auc": "AUC",
    "lost_frame_auc": "AUC lost",
    "mean_iou_image_fakes": "IoU",
    "lost_iou_image_fakes": "IoU lost",
}


def level_table(
    results: Mapping[Cell, pd.DataFrame], validation_threshold: float | None
) -> pd.DataFrame:
    """A row a level; the first one has the untouched faces.

    Args:
        results: predictions (`evaluate_model`) of each level.
        validation_threshold: chosen on clean validation faces; None: the columns that
            need one are NaN.

    Returns:
        `corruption`, `level`, `parameter` (its amount, NaN of the untouched), `unit`,
        `MEASURES`, `frame_false_positive_rate_at_validation_threshold` (share of reals
        that are called fake), `predicted_fraction_reals` (mean share of a real face
        that the mask marks), `faces`, `fakes`.
    """
    rows = [
        _level_row(cell, predictions, validation_threshold)
        for cell, predictions in results.items()
    ]
    return pd.DataFrame(rows)


def _level_row(
    cell: Cell, predictions: pd.DataFrame, threshold: float | None
) -> dict[str, Any]:
    """One line of the table."""
    metrics = summarise(predictions, threshold)
    reals = predictions[predictions["label"] == 0]
    false_positives = math.nan
    if threshold is not None:
        false_positives = float((reals["probability"] >= threshold).mean())
    corruption = CORRUPTIONS.get(cell.corruption)
    # None, as JSON has it, would turn a column of numbers into one of objects.
    values = {name: metrics.get(name) for name in MEASURES}
    return {
        "corruption": cell.corruption,
        "level": cell.level,
        "parameter": math.nan if cell.amount is None else cell.amount,
        "unit": corruption.parameter if corruption else "",
        **{name: math.nan if v is None else v for name, v in values.items()},
        f"frame_false_positive_rate_{AT_THRESHOLD}": false_positives,
        "predicted_fraction_reals": float(reals["predicted_fraction"].mean()),
        "faces": len(predictions),
        "fakes": int((predictions["label"] == 1).sum()),
    }


def corruption_table(levels: pd.DataFrame) -> pd.DataFrame:
    """A row a corruption: means over its levels, and what they lose on clean faces.

    Args:
        levels: of `level_table`.

    Returns:
        `corruption`, `levels` (how many) and, for each m of `SUMMARISED`, `mean_<m>`
        and `lost_<m>` = clean − mean.
    """
    clean = levels[levels["corruption"] == CLEAN].iloc[0]
    rows = []
    for name, group in levels[levels["level"] > 0].groupby("corruption", sort=False):
        row: dict[str, Any] = {"corruption": name, "levels": len(group)}
        for measure in SUMMARISED:
            # A level without the measure must not be passed over.
            mean = float(np.mean(group[measure].to_numpy()))
            row |= {f"mean_{measure}": mean, f"lost_{measure}": clean[measure] - mean}
        rows.append(row)
    return pd.DataFrame(rows)


def mean_corruption(levels: pd.DataFrame) -> dict[str, float | None]:
    """Means over the corruptions, in the spirit of the mean corruption error.

    Hendrycks and Dietterich (ICLR 2019) divide a model's errors at the levels of a
    corruption by those of AlexNet, and take the mean over the corruptions. There is no
    such reference model for this task: nothing is divided. With m in 0..1, more is
    better, the mean is over corruptions of means over levels, so that each corruption
    counts the same:

        mean_corruption_<m>                = mean_c mean_l m(c, l)
        mean_corruption_error_<m>          = 1 − mean_corruption_<m>
        relative_mean_corruption_error_<m> = m(clean) − mean_corruption_<m>

    Args:
        levels: of `level_table`; the means are of the levels that are in there.

    Returns:
        These and `clean_<m>` for each m of `SUMMARISED`; None where undefined.
    """
    clean = levels[levels["corruption"] == CLEAN].iloc[0]
    corruptions = corruption_table(levels)
    result: dict[str, float] = {}
    for measure in SUMMARISED:
        mean = float(np.mean(corruptions[f"mean_{measure}"].to_numpy()))
        result |= {
            f"clean_{measure}": float(clean[measure]),
            f"mean_corruption_{measure}": mean,
            f"mean_corruption_error_{measure}": 1.0 - mean,
            f"relative_mean_corruption_error_{measure}": float(clean[measure]) - mean,
        }
    return {k: None if math.isnan(value) else value for k, value in result.items()}
