"""Metrics and tables from the rows of `predictions.parquet` alone."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from fakeloc_tf import metrics
from fakeloc_tf.evaluation.predictions import METHOD_PREFIX

VIDEO_KEY = ["dataset", "method", "video_id"]
PLAIN_THRESHOLD = 0.5


def summarise(
    predictions: pd.DataFrame, validation_threshold: float | None = None
) -> dict[str, Any]:
    """All metrics; a name says its level (frame, video) and convention.

    Args:
        predictions: of `evaluate_model`.
        validation_threshold: chosen on validation; None leaves its accuracy out.

    Returns:
        For frames and for videos `_auc`, `_eer`, `_ap`, `_accuracy_at_0.5` and
        `_accuracy_at_validation_threshold`, counts, and `localization_metrics`.
        None where a value is undefined.
    """
    result: dict[str, Any] = {"validation_threshold": validation_threshold}
    for level, rows in (("frame", predictions), ("video", by_video(predictions))):
        result |= _detection(rows, level, validation_threshold)
    result |= localization_metrics(predictions)
    accuracy = _method_accuracy(predictions)
    if accuracy is not None:
        result["frame_method_accuracy"] = accuracy
    return {name: _plain(value) for name, value in result.items()}


def by_video(predictions: pd.DataFrame) -> pd.DataFrame:
    """A row a video: the mean of its frames' probabilities.

    The key has data set and method, since the same id names a real video and, in
    every method's folder, a fake one.
    """
    groups = predictions.groupby(VIDEO_KEY, as_index=False, sort=True)
    return groups.agg(
        label=("label", "max"),
        probability=("probability", "mean"),
        frames=("frame", "size"),
    )


def localization_metrics(predictions: pd.DataFrame) -> dict[str, float]:
    """Localisation over the faces with a usable mask.

    Returns:
        `iou_image_fakes` (mean per image over fakes, the headline), `iou_image_all`
        (over all faces, both empty = 1), `iou_pooled` (pixels of all faces),
        `miou_two_class` (mean of the pooled IoU of manipulated and pristine), means
        of `pbca` and `iinc`, and for the fixed mean training mask
        `fixed_mask_iou_image_fakes`, `_all`, `_pooled`, `fixed_mask_miou_two_class`
        and the gain over each. NaN, but for the fixed mask, of a model that predicts
        no masks.
    """
    valid = predictions[predictions["mask_valid"]]
    fakes = valid[valid["label"] == 1]
    result = _ious(valid, fakes, "")
    if "fixed_iou" in predictions:
        fixed = _ious(valid, fakes, "fixed_")
        gains = {f"gain_{name}": result[name] - fixed[name] for name in fixed}
        result |= {f"fixed_mask_{name}": value for name, value in fixed.items()} | gains
    for name in ("pbca", "iinc"):
        result[f"{name}_image_fakes"] = float(fakes[name].mean())
        result[f"{name}_image_all"] = float(valid[name].mean())
    return result | {
        "faces_without_mask": int((~predictions["mask_valid"]).sum()),
    }


def _ious(valid: pd.DataFrame, fakes: pd.DataFrame, prefix: str) -> dict[str, float]:
    """The four conventions for the model's masks or, `fixed_`, the constant one's."""
    if valid[f"{prefix}union"].isna().any():
        # Sums would pass over the NaN and call 0/0 a perfect 1.
        names = ("iou_image_fakes", "iou_image_all", "iou_pooled", "miou_two_class")
        return dict.fromkeys(names, math.nan)
    intersection = int(valid[f"{prefix}intersection"].sum())
    union = int(valid[f"{prefix}union"].sum())
    pixels = int(valid["pixels"].sum())
    pooled = _ratio(intersection, union)
    # Pristine pixels: what neither mask has, over what not both have.
    pristine = _ratio(pixels - union, pixels - intersection)
    return {
        "iou_image_fakes": float(fakes[f"{prefix}iou"].mean()),
        "iou_image_all": float(valid[f"{prefix}iou"].mean()),
        "iou_pooled": pooled,
        "miou_two_class": (pooled + pristine) / 2,
    }


def method_table(
    predictions: pd.DataFrame, validation_threshold: float | None = None
) -> pd.DataFrame:
    """A row a manipulation method, its fakes against all pristine faces.

    The last row has all fakes.

    Args:
        predictions: of `evaluate_model`.
        validation_threshold: of the recall; None = 0.5.
    """
    pristine = predictions[predictions["label"] == 0]
    fakes = predictions[predictions["label"] == 1]
    threshold = (
        PLAIN_THRESHOLD if validation_threshold is None else validation_threshold
    )
    groups = [(str(name), rows) for name, rows in fakes.groupby("method", sort=False)]
    rows = [
        _method_row(name, group, pristine, threshold)
        for name, group in [*sorted(groups, key=lambda g: g[0]), ("all fakes", fakes)]
    ]
    return pd.DataFrame(rows)


def _method_row(
    name: str, fakes: pd.DataFrame, pristine: pd.DataFrame, threshold: float
) -> dict[str, Any]:
    """One line of the table."""
    both = pd.concat([fakes, pristine])
    videos = by_video(both)
    places = localization_metrics(fakes)
    wanted = ("iou_image_fakes", "fixed_mask_iou_image_fakes", "gain_iou_image_fakes")
    return {
        "method": name,
        "faces": len(fakes),
        "videos": int((videos["label"] == 1).sum()),
        "frame_auc": _metric(both, "auc"),
        "video_auc": _metric(videos, "auc"),
        "frame_recall": float((fakes["probability"] >= threshold).mean()),
        **{key: places[key] for key in wanted if key in places},
    }


def _detection(
    rows: pd.DataFrame, level: str, validation_threshold: float | None
) -> dict[str, Any]:
    """Detection metrics of one level, accuracy at both thresholds."""
    label, probability = rows["label"].to_numpy(), rows["probability"].to_numpy()
    result = metrics.detection_metrics(label, probability, level=level)
    result.pop(f"{level}_threshold")
    result[f"{level}_accuracy_at_0.5"] = result.pop(f"{level}_accuracy")
    if validation_threshold is not None:
        chosen = metrics.detection_metrics(label, probability, validation_threshold)
        name = f"{level}_accuracy_at_validation_threshold"
        result[name] = chosen["frame_accuracy"]
    return result


def _metric(rows: pd.DataFrame, name: str) -> float:
    """One detection metric of these rows."""
    label, probability = rows["label"].to_numpy(), rows["probability"].to_numpy()
    return metrics.detection_metrics(label, probability)[f"frame_{name}"]


def _method_accuracy(predictions: pd.DataFrame) -> float | None:
    """Share of faces whose most probable method is the true one; five-way only."""
    columns = [name for name in predictions if str(name).startswith(METHOD_PREFIX)]
    if not columns:
        return None
    named = predictions[columns].idxmax(axis=1).str.removeprefix(METHOD_PREFIX)
    return float((named == predictions["method"]).mean())


def _ratio(part: int, whole: int) -> float:
    """part/whole; 1 where both are empty."""
    return part / whole if whole else 1.0


def _plain(value: Any) -> Any:
    """NaN, which JSON does not know, becomes None."""
    return None if isinstance(value, float) and math.isnan(value) else value
