"""Localisation metrics from the pixel counts of the rows, beside the fixed mask's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fakeloc_tf import metrics
from fakeloc_tf.evaluation.bootstrap import Sample, quotient

# More of a real face marked than this is a false alarm.
ALARM_FRACTION = 0.05
LESS_IS_BETTER = ("iinc", "mask_false_alarm")


def localization(sample: Sample) -> dict[str, np.ndarray]:
    """Localisation over the faces with a usable mask.

    Args:
        sample: of frames; needs `label`, `mask_valid`, `pixels`, `true_pixels`,
            `intersection` and `union`; `pixel_auc` and the fixed mask's columns
            (`fixed_...`) where they are wanted.

    Returns:
        float64 [1 + R] each, the metric and its resamples:
        - `iou_image_fakes`: mean IoU per image over the fakes, the headline;
        - `iou_image_all`: the same over all faces, 1 where both masks are empty;
        - `iou_pooled`: intersection over union of the pixels of all faces;
        - `miou_two_class`: mean of `iou_pooled` for manipulated and for pristine;
        - `f1_image_fakes`, `f1_image_all`, `f1_pooled`: of F1, likewise;
        - `pbca_image_fakes`, `pbca_image_all`, `iinc_image_fakes`,
          `iinc_image_all`: means per image;
        - `pixel_auc_image_fakes`: mean per image over the fakes, from histograms, and
          `pixel_auc_image_fakes_error`, by which it is off at most;
        - `mask_false_alarm_fraction_reals`: mean share of a real face that is marked;
          `mask_false_alarm_share_reals`: share of the real faces of which more than
          5% are;
        - `fixed_mask_<name>`: the same of the fixed mean training mask (its pixel AUC:
          of the mean before it is binarised), and `gain_<name>`: how much better the
          model is, also of a metric of which less is better.

        NaN where undefined; all but the fixed mask's of a model that predicts no masks.
    """
    result = _of_masks(sample, "")
    if "fixed_union" in sample.rows:
        fixed = _of_masks(sample, "fixed_")
        gains = {
            f"gain_{name}": (value - fixed[name])
            * (-1 if name.startswith(LESS_IS_BETTER) else 1)
            for name, value in result.items()
            if name in fixed
        }
        result |= {f"fixed_mask_{name}": value for name, value in fixed.items()} | gains
    if "pixel_auc_error" in sample.rows:
        counted = sample.rows["pixel_auc_error"].notna().to_numpy()
        error = {"pixel_auc_image_fakes_error": _column(sample, "pixel_auc_error")}
        result |= sample.means({n: (v, counted) for n, v in error.items()})
    return result


def _of_masks(sample: Sample, prefix: str) -> dict[str, np.ndarray]:
    """All conventions for the model's masks or, `fixed_`, the constant one's."""
    rows = sample.rows
    valid = rows["mask_valid"].to_numpy(bool)
    fake = rows["label"].to_numpy() == 1
    both, either = (_column(sample, prefix + n) for n in ("intersection", "union"))
    pixels, true = _column(sample, "pixels"), _column(sample, "true_pixels")
    images = {
        "iou": metrics.iou_of_areas(both, either),
        "f1": metrics.f1_of_areas(both, either),
        "pbca": metrics.pbca_of_areas(both, either, pixels),
        "iinc": metrics.iinc_of_areas(both, either, true, pixels),
    }
    columns = {}
    for name, values in images.items():
        columns[f"{name}_image_fakes"] = values, valid & fake
        columns[f"{name}_image_all"] = values, valid
    marked = metrics.predicted_area(both, either, true) / pixels
    alarm = np.where(np.isnan(marked), np.nan, marked > ALARM_FRACTION)
    columns["mask_false_alarm_fraction_reals"] = marked, valid & ~fake
    columns["mask_false_alarm_share_reals"] = alarm, valid & ~fake
    if f"{prefix}pixel_auc" in rows:
        auc = _column(sample, f"{prefix}pixel_auc")
        # Of a mask without a manipulated pixel, or without another, there is none.
        varied = valid & fake & (true > 0) & (true < pixels)
        columns["pixel_auc_image_fakes"] = auc, varied
    return sample.means(columns) | _pooled(sample, valid, both, either, pixels)


def _pooled(
    sample: Sample,
    valid: np.ndarray,
    both: np.ndarray,
    either: np.ndarray,
    pixels: np.ndarray,
) -> dict[str, np.ndarray]:
    """Metrics of the pixels of all faces with a usable mask, as of one picture."""
    counts = {"both": both, "either": either, "pixels": pixels}
    areas = sample.sums({n: np.where(valid, v, 0.0) for n, v in counts.items()})
    both, either, pixels = (
        # No pixel at all is no perfect score.
        quotient(areas[name], (areas["pixels"] > 0).astype(float))
        for name in counts
    )
    manipulated = metrics.iou_of_areas(both, either)
    # Pristine pixels: what neither mask has, over what not both have.
    pristine = metrics.iou_of_areas(pixels - either, pixels - both)
    return {
        "iou_pooled": manipulated,
        "miou_two_class": (manipulated + pristine) / 2,
        "f1_pooled": metrics.f1_of_areas(both, either),
    }


def _column(sample: Sample, name: str) -> np.ndarray:
    """float64 [N]."""
    return sample.rows[name].to_numpy(np.float64)


def localization_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """`localization` of these rows, without resamples, and `faces_without_mask`."""
    videos = np.zeros(len(predictions), np.int64)
    whole = Sample(predictions, videos, np.ones((1, 1), np.uint16))
    values = {name: float(value[0]) for name, value in localization(whole).items()}
    return values | {"faces_without_mask": int((~predictions["mask_valid"]).sum())}
