"""The page's tiles and warnings, from `metrics.json` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fakeloc_tf.evaluation.method_table import PLAIN_THRESHOLD

AT_VALIDATION = "at_validation_threshold"


@dataclass(frozen=True)
class Mark:
    """A value on a scale from 0 to 1.

    Attributes:
        value: None = there is none.
        low, high: ends of its 95% interval; None = it has none.
        other: what it is compared with, on the same scale.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    other: float | None = None


@dataclass(frozen=True)
class Tile:
    """One headline number.

    Attributes:
        title: what it is of.
        mark: the number.
        note: what must be known to judge it.
        bad: it says that the model is no good.
    """

    title: str
    mark: Mark
    note: str
    bad: bool = False


def tiles(metrics: Mapping[str, Any], pristine: str | None) -> list[Tile]:
    """The numbers to see first.

    Args:
        metrics: of `evaluate_run`.
        pristine: name of the real faces' class; None = there are no real faces.
    """
    frames, videos = metrics["frame_count"], metrics["video_count"]
    fakes = metrics["frame_fakes"]
    return [
        Tile(
            "AUC, frames",
            marked(metrics, "frame_auc"),
            f"{fakes} fake and {frames - fakes} real faces; chance: 0.5",
        ),
        Tile(
            "AUC, videos",
            marked(metrics, "video_auc"),
            f"{videos} videos, the mean of their frames each",
        ),
        _overlap(metrics),
        _false_positives(metrics, pristine),
        _calibration_error(metrics),
    ]


def marked(metrics: Mapping[str, Any], name: str, other: str = "") -> Mark:
    """A metric with its interval, beside another one."""
    low, high = metrics["intervals"].get(name, (None, None))
    return Mark(metrics.get(name), low, high, metrics.get(other))


def threshold_of(metrics: Mapping[str, Any]) -> float:
    """From which probability on a face is called fake: as `table_methods.csv` does."""
    threshold = metrics["validation_threshold"]
    return PLAIN_THRESHOLD if threshold is None else threshold


def threshold_source(metrics: Mapping[str, Any]) -> str:
    """Where the threshold comes from, for people."""
    chosen = metrics["validation_threshold"] is not None
    return "chosen on validation faces" if chosen else "not chosen on any faces"


def warnings(metrics: Mapping[str, Any]) -> list[str]:
    """Why the numbers may say more than is true; the most serious first."""
    protocol = metrics["protocol"]
    people, result = protocol["people"], []
    if protocol["optimistic"]:
        result.append(
            "Optimistic: the run has seen people of this split, or something was "
            "chosen on them. Of people that it has not seen, expect worse."
        )
    elif protocol["optimistic"] is None:
        result.append(
            "Perhaps optimistic: the run does not say on whom it was trained, or what "
            "checkpoint and threshold were chosen on."
        )
    for key, what in (("training", "training"), ("validation", "validation")):
        shared = people[f"shared_with_{key}"]
        if shared:
            result.append(
                f"{shared} of the {people['in_split']} people here are in the run's "
                f"{what} faces, too."
            )
    result += [
        f"Prepared otherwise than the training faces: {key} {here} instead of {wanted}."
        for key, (wanted, here) in protocol["other_preparation"].items()
    ]
    return result


def _overlap(metrics: Mapping[str, Any]) -> Tile:
    """IoU beside that of the mask that does not look."""
    fixed, gain = (f"{kind}_iou_image_fakes" for kind in ("fixed_mask", "gain"))
    mark = marked(metrics, "iou_image_fakes", fixed)
    if mark.value is None:
        return Tile("IoU on fakes", mark, "there is no mask to compare")
    if mark.other is None:
        return Tile("IoU on fakes", mark, "no mean training mask to compare with")
    better = marked(metrics, gain)
    note = f"fixed mean training mask: {mark.other:.3f}; gain {better.value:+.3f}"
    if better.low is not None and better.high is not None:
        note += f" ({better.low:+.3f} to {better.high:+.3f})"
    return Tile("IoU on fakes", mark, note, bad=mark.value <= mark.other)


def _false_positives(metrics: Mapping[str, Any], pristine: str | None) -> Tile:
    """What share of the real faces is called fake."""
    chosen = metrics["validation_threshold"] is not None
    level = AT_VALIDATION if chosen else f"at_{PLAIN_THRESHOLD}"
    spared = marked(metrics, f"frame_recall_{level}_{pristine}")
    value, high, low = (
        None if end is None else 1 - end
        for end in (spared.value, spared.low, spared.high)
    )
    note = (
        f"real faces called fake, from {threshold_of(metrics):.3f} on "
        f"({threshold_source(metrics)})"
    )
    if metrics.get("frame_fpr_at_fpr_threshold") is not None:
        note += (
            f"; at the threshold for {metrics['wanted_fpr']:g}: "
            f"{metrics['frame_fpr_at_fpr_threshold']:.3f}"
        )
    return Tile("False-positive rate", Mark(value, low, high), note)


def _calibration_error(metrics: Mapping[str, Any]) -> Tile:
    """How far probabilities are from shares of fakes."""
    if metrics["temperature"] is None:
        note = "not calibrated"
    else:
        before = metrics["frame_ece_uncalibrated"]
        note = f"calibrated, T = {metrics['temperature']:.3f}; before: {before:.3f}"
    return Tile(
        "Calibration error (ECE)", Mark(metrics["frame_ece"]), f"{note}; best: 0"
    )
