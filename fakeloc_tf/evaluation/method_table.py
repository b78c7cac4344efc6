"""The table of the methods from the rows of `predictions.parquet` alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fakeloc_tf import metrics
from fakeloc_tf.evaluation import bootstrap
from fakeloc_tf.evaluation.bootstrap import Sample
from fakeloc_tf.evaluation.mask_summary import localization
from fakeloc_tf.evaluation.summary import PLAIN_THRESHOLD, samples

PLACES = (
    "iou_image_fakes",
    "fixed_mask_iou_image_fakes",
    "gain_iou_image_fakes",
    "f1_image_fakes",
    "fixed_mask_f1_image_fakes",
    "pixel_auc_image_fakes",
    "fixed_mask_pixel_auc_image_fakes",
)
# Those that the table has an interval of, as `<name>_low` and `<name>_high`.
WITH_INTERVAL = (
    "frame_auc",
    "video_auc",
    "iou_image_fakes",
    "gain_iou_image_fakes",
)


def method_table(
    predictions: pd.DataFrame,
    validation_threshold: float | None = None,
    *,
    resamples: int = bootstrap.RESAMPLES,
    seed: int = bootstrap.SEED,
) -> pd.DataFrame:
    """A row a manipulation method, its fakes against all pristine faces.

    The last row has all fakes.

    Args:
        predictions: of `evaluate_model`.
        validation_threshold: of the recall; None = 0.5.
        resamples, seed: of the bootstrap, as in `summarise`.

    Returns:
        `method`, `faces`, `videos`, `frame_auc`, `video_auc`,
        `frame_tpr_at_fpr_0.01`, `frame_recall`, those of `PLACES` that there are, and
        95% intervals of `WITH_INTERVAL`; NaN where undefined.
    """
    threshold = (
        PLAIN_THRESHOLD if validation_threshold is None else validation_threshold
    )
    levels = samples(predictions, resamples, seed)
    methods = sorted(predictions.loc[predictions["label"] == 1, "method"].unique())
    return pd.DataFrame(
        [_row(name, *levels, threshold) for name in [*methods, None]],
    )


def _row(
    method: str | None, frames: Sample, videos: Sample, threshold: float
) -> dict[str, Any]:
    """One line of the table; None = all fakes."""
    fakes = frames.part(_fakes_of(frames, method))
    found = fakes.rows["probability"].to_numpy() >= threshold
    values = fakes.means({"frame_recall": (found, np.ones(len(found), bool))})
    for level, sample in (("frame", frames), ("video", videos)):
        pristine = (sample.rows["label"] == 0).to_numpy()
        both = sample.part(pristine | _fakes_of(sample, method))
        ranks = metrics.rank_metrics(
            both.rows["label"], both.rows["probability"], both.video, both.weights
        )
        values |= {f"{level}_{name}": value for name, value in ranks.items()}
    values |= localization(fakes)
    names = ("frame_auc", "video_auc", "frame_tpr_at_fpr_0.01", "frame_recall", *PLACES)
    row = {
        "method": "all fakes" if method is None else method,
        "faces": len(fakes.rows),
        "videos": int(_fakes_of(videos, method).sum()),
    }
    row |= {name: float(values[name][0]) for name in names if name in values}
    shown = {name: values[name] for name in WITH_INTERVAL if name in values}
    ends = bootstrap.intervals(shown, frames.weights)
    for name in shown:
        low, high = ends.get(name, (np.nan, np.nan))
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row


def _fakes_of(sample: Sample, method: str | None) -> np.ndarray:
    """bool [N]: the fakes of one method, or all."""
    fake = (sample.rows["label"] == 1).to_numpy()
    return fake if method is None else fake & (sample.rows["method"] == method)
