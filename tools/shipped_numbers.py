"""Figures with 95% intervals: of scored faces, and of counts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from fakeloc_tf import metrics
from fakeloc_tf.evaluation import bootstrap
from fakeloc_tf.evaluation.bootstrap import Sample
from fakeloc_tf.evaluation.mask_summary import ALARM_FRACTION, localization
from fakeloc_tf.evaluation.summary import VIDEO_KEY, detection, samples

# Where there is no figure.
DASH = "–"
# A value with the ends of its interval; None where it is not known.
Figure = dict[str, Any]
# Those that come as they are from `evaluation.summary` and `evaluation.mask_summary`.
KEPT = {
    "auc": "auc",
    "iou_image_fakes": "iou_image_fakes",
    "fixed_mask_iou_image_fakes": "fixed_mask_iou_image_fakes",
    "gain_iou_image_fakes": "gain_iou_image_fakes",
    "pixel_auc_image_fakes": "pixel_auc_image_fakes",
    "fixed_mask_pixel_auc_image_fakes": "fixed_mask_pixel_auc_image_fakes",
}


def face_figures(
    rows: pd.DataFrame,
    threshold: float,
    *,
    resamples: int = bootstrap.RESAMPLES,
    seed: int = bootstrap.SEED,
) -> dict[str, Figure]:
    """Figures of scored faces; intervals by bootstrap over videos.

    Args:
        rows: of `evaluation.predictions.evaluate_model`.
        threshold: of the score, from which on a face is called manipulated.
        resamples: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        The names of `KEPT`'s values, and `empty_mask_share_reals` (of the reals: less
        than 5% of the crop is marked at 0.5), `false_positive_rate`,
        `true_positive_rate` and `ece`. Where none or all faces count, every resample
        says the same; then the interval is the exact one of as many videos.
    """
    frames, _ = samples(rows, resamples, seed)
    found = detection(frames, None) | localization(frames)
    values = {new: found[old] for old, new in KEPT.items() if old in found}
    rates = _rates(frames, threshold)
    values |= rates | {"ece": _calibration_error(frames)}
    ends = bootstrap.intervals(values, frames.weights)
    ends |= _exact_ends(rates, rows)
    return {
        name: figure(float(value[0]), *ends.get(name, ()))
        for name, value in values.items()
    }


def share(count: int, of: int) -> Figure:
    """count/of with its exact interval (Clopper and Pearson 1934), and the counts.

    Raises:
        ValueError: `count` is not in 0..of.
    """
    if not 0 <= count <= of:
        raise ValueError(f"`count` must be in 0..of. Received: {count} of {of}")
    counts = {"count": count, "of": of}
    if not of:
        return figure(math.nan) | counts
    rest = 1 - bootstrap.LEVEL
    low = beta.ppf(rest / 2, count, of - count + 1) if count else 0.0
    high = beta.ppf(1 - rest / 2, count + 1, of - count) if count < of else 1.0
    return figure(count / of, float(low), float(high)) | counts


def figure(value: float, low: float = math.nan, high: float = math.nan) -> Figure:
    """A value and its interval; NaN, which JSON does not know, becomes None."""
    ends = {"value": value, "low": low, "high": high}
    return {name: None if math.isnan(end) else end for name, end in ends.items()}


def count_faces(rows: pd.DataFrame) -> dict[str, int]:
    """How many reals and fakes there are."""
    fakes = int((rows["label"] == 1).sum())
    return {"reals": len(rows) - fakes, "fakes": fakes}


def _rates(frames: Sample, threshold: float) -> dict[str, np.ndarray]:
    """Shares of the reals and of the fakes, float64 [1 + R] each."""
    rows = frames.rows
    fake = rows["label"].to_numpy() == 1
    called = rows["probability"].to_numpy() >= threshold
    marked = rows["predicted_fraction"].to_numpy(np.float64)
    empty = np.where(np.isnan(marked), np.nan, marked < ALARM_FRACTION)
    return frames.means(
        {
            "empty_mask_share_reals": (empty, ~fake),
            "false_positive_rate": (called, ~fake),
            "true_positive_rate": (called, fake),
        }
    )


def _exact_ends(
    rates: dict[str, np.ndarray], rows: pd.DataFrame
) -> dict[str, list[float]]:
    """Name → [low, high] of the rates that are 0 or 1."""
    found = {}
    for name, values in rates.items():
        if values[0] in (0.0, 1.0):
            counted = rows[rows["label"] == (name == "true_positive_rate")]
            videos = len(counted[VIDEO_KEY].drop_duplicates())
            exact = share(round(values[0] * videos), videos)
            found[name] = [exact["low"], exact["high"]]
    return found


def _calibration_error(frames: Sample) -> np.ndarray:
    """ECE and its resamples, float64 [1 + R].

    Note: the ECE of a resample is above that of the faces in expectation, since the
    estimate grows with chance; its interval errs to the high side.
    """
    label = frames.rows["label"].to_numpy()
    probability = frames.rows["probability"].to_numpy()
    places = np.arange(len(label))
    errors = []
    for weights in frames.weights:
        drawn = np.repeat(places, weights[frames.video])
        errors.append(
            metrics.expected_calibration_error(label[drawn], probability[drawn])
        )
    return np.array(errors)
