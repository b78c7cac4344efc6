"""Metrics from the rows of `predictions.parquet` alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from fakeloc_tf import metrics
from fakeloc_tf.evaluation import bootstrap
from fakeloc_tf.evaluation.bootstrap import Sample
from fakeloc_tf.evaluation.mask_summary import localization
from fakeloc_tf.evaluation.predictions import METHOD_PREFIX

VIDEO_KEY = ["dataset", "method", "video_id"]
PLAIN_THRESHOLD = 0.5


def summarise(
    predictions: pd.DataFrame,
    validation_threshold: float | None = None,
    *,
    resamples: int = bootstrap.RESAMPLES,
    seed: int = bootstrap.SEED,
) -> dict[str, Any]:
    """All metrics; a name says its level (frame, video) and convention.

    Args:
        predictions: of `evaluate_model`.
        validation_threshold: chosen on validation; None leaves its accuracy out.
        resamples: of the bootstrap; 0 leaves the intervals out.
        seed: of the bootstrap.

    Returns:
        - for frames and for videos the names of `rank_metrics`, `_accuracy_at_0.5`,
          `_accuracy_at_validation_threshold`, `_recall_at_..._<method>` (share of its
          faces on the right side of the threshold; for `pristine` of those that are
          spared), `_macro_recall_at_...` (mean over the methods and pristine), counts;
        - of a five-way model `_method_accuracy` (most probable method is the true one),
          `_method_recall_<method>` and `_method_macro_recall`;
        - the names of `mask_summary.localization`;
        - `intervals`: name → [low, high], 95%, see `bootstrap`; with `interval_level`,
          `bootstrap_resamples`, `bootstrap_seed`.

        None where a value is undefined.
    """
    frames, videos = samples(predictions, resamples, seed)
    values: dict[str, np.ndarray] = {}
    counts: dict[str, Any] = {"validation_threshold": validation_threshold}
    for level, sample in (("frame", frames), ("video", videos)):
        found = detection(sample, validation_threshold)
        values |= {f"{level}_{name}": value for name, value in found.items()}
        counts[f"{level}_count"] = len(sample.rows)
        counts[f"{level}_fakes"] = int((sample.rows["label"] == 1).sum())
    values |= localization(frames)
    counts["faces_without_mask"] = int((~predictions["mask_valid"]).sum())
    plain = {name: _plain(float(value[0])) for name, value in values.items()}
    return (
        counts
        | plain
        | {
            "intervals": bootstrap.intervals(values, frames.weights),
            "interval_level": bootstrap.LEVEL,
            "bootstrap_resamples": resamples,
            "bootstrap_seed": seed,
        }
    )


def by_video(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row a video: the means of its frames' probabilities, sorted by key.

    The key has data set and method, since the same id names a real video and, in
    every method's folder, a fake one.
    """
    groups = predictions.groupby(VIDEO_KEY, as_index=False, sort=True, observed=True)
    return groups.agg(
        label=("label", "max"),
        probability=("probability", "mean"),
        frames=("frame", "size"),
        **{name: (name, "mean") for name in _method_columns(predictions)},
    )


def samples(
    predictions: pd.DataFrame, resamples: int, seed: int
) -> tuple[Sample, Sample]:
    """The frames, and their `by_video`, under the same draws of videos."""
    videos = by_video(predictions)
    stratum = videos.groupby(VIDEO_KEY[:2], sort=True, observed=True).ngroup()
    weights = bootstrap.draw_videos(stratum.to_numpy(), resamples, seed)
    video = predictions.groupby(VIDEO_KEY, sort=True, observed=True).ngroup()
    return (
        Sample(predictions, video.to_numpy(), weights),
        Sample(videos, np.arange(len(videos)), weights),
    )


def detection(
    sample: Sample, validation_threshold: float | None
) -> dict[str, np.ndarray]:
    """Detection metrics of one level, see `summarise`: float64 [1 + R] each."""
    rows = sample.rows
    fake = rows["label"].to_numpy() == 1
    probability = rows["probability"].to_numpy(np.float64)
    result = metrics.rank_metrics(fake, probability, sample.video, sample.weights)
    everywhere = np.ones(len(rows), bool)
    thresholds = {"at_0.5": PLAIN_THRESHOLD}
    if validation_threshold is not None:
        thresholds["at_validation_threshold"] = validation_threshold
    for name, threshold in thresholds.items():
        right = (probability >= threshold) == fake
        result |= sample.means({f"accuracy_{name}": (right, everywhere)})
        result |= _recalls(sample, right, f"recall_{name}")
    named = _named_method(rows)
    if named is not None:
        right = named == rows["method"].to_numpy()
        result |= sample.means({"method_accuracy": (right, everywhere)})
        result |= _recalls(sample, right, "method_recall")
    return result


def _recalls(sample: Sample, right: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """Share of the right rows of each method, and the mean of the shares."""
    codes, methods = pd.factorize(sample.rows["method"], sort=True)
    columns = {
        f"{name}_{method}": (right, codes == code)
        for code, method in enumerate(methods)
    }
    recalls = sample.means(columns)
    macro = name.replace("recall", "macro_recall")
    return recalls | {macro: np.mean(list(recalls.values()), axis=0)}


def _method_columns(rows: pd.DataFrame) -> list[str]:
    return [name for name in rows if str(name).startswith(METHOD_PREFIX)]


def _named_method(rows: pd.DataFrame) -> np.ndarray | None:
    """The most probable method of each row; None but of a five-way model."""
    columns = _method_columns(rows)
    if not columns:
        return None
    names = np.array([name.removeprefix(METHOD_PREFIX) for name in columns])
    return names[rows[columns].to_numpy().argmax(axis=1)]


def _plain(value: float) -> float | None:
    """NaN, which JSON does not know, becomes None."""
    return None if math.isnan(value) else value
