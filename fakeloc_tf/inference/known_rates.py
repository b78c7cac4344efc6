"""How often the verdict is wrong, as far as a calibration knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # It brings TensorFlow along, which an export for another engine does not need.
    from fakeloc_tf.models.calibration import Calibration, RateThreshold


@dataclass(frozen=True)
class KnownRate:
    """How often one side of the verdict is wrong, as measured on validation.

    Attributes:
        wanted: the highest rate that the threshold was chosen for.
        reached: the rate there, <= `wanted`.
        low: lower end of the 95 % interval of the rate, counting each video once.
        high: upper end.
        faces: of the class; 0 = the rate is of whole videos.
        videos: that those are from.
    """

    wanted: float
    reached: float
    low: float
    high: float
    faces: int
    videos: int


def verdict_fields(calibration: Calibration) -> dict[str, Any]:
    """What `ModelInfo` needs of a calibration for the three verdicts, by field.

    Returns:
        Every field from `real_threshold` on; a rate that is not known is left out.
    """
    fnr, video = calibration.fnr, calibration.video
    fakes = calibration.faces - calibration.reals
    rates = {
        "face_manipulated": _known_rate(
            calibration.fpr, calibration.reals, calibration.real_videos
        ),
        "face_real": _known_rate(fnr, fakes, calibration.fake_videos),
    }
    found: dict[str, Any] = {
        "real_threshold": fnr.threshold if fnr else None,
        "false_negative_rate": fnr.wanted if fnr else None,
        "calibrated_on": calibration.dataset,
    }
    if video is not None:
        rates["video_manipulated"] = _known_rate(video.fpr, 0, video.reals)
        rates["video_real"] = _known_rate(video.fnr, 0, video.fakes)
        found |= {
            "aggregation": video.aggregation,
            "video_threshold": video.fpr.threshold if video.fpr else None,
            "video_real_threshold": video.fnr.threshold if video.fnr else None,
        }
    found["rates"] = {name: rate for name, rate in rates.items() if rate is not None}
    return found


def _known_rate(
    chosen: RateThreshold | None, faces: int, videos: int | None
) -> KnownRate | None:
    """Of a calibration; None = no such threshold, or videos were not counted."""
    if chosen is None or videos is None:
        return None
    low, high = chosen.interval_videos
    return KnownRate(chosen.wanted, chosen.reached, low, high, faces, videos)
