"""Whether a description of a model can be true; a server may tell anything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakeloc_tf.inference.model_info import ModelInfo

# Of crops and of the model's input: far beyond any face.
MAX_SIDE = 4096
# Beyond it a crop is more neighbourhood than face.
MAX_MARGIN = 10.0
# Of a text for people; a hostile one would fill `call.json` and the report.
MAX_TEXT = 10_000
MAX_CLASSES = 1000

_TEXTS = ("name", "preset", "threshold_source", "trained_on", "config_sha256")
_MAYBE_TEXTS = ("calibration_source", "calibrated_on")
_MAYBE_RATES = (
    "false_positive_rate",
    "real_threshold",
    "false_negative_rate",
    "video_threshold",
    "video_real_threshold",
)


def check_info(info: ModelInfo) -> None:
    """Raises a ValueError that names the first field with an impossible value."""
    for name in (*_TEXTS, *_MAYBE_TEXTS):
        value = getattr(info, name)
        absent = value is None and name in _MAYBE_TEXTS
        _check(name, value, absent or _is_text(value), "a text")
    for name in ("image_size", "crop_size"):
        value = getattr(info, name)
        whole = isinstance(value, int) and not isinstance(value, bool)
        _check(name, value, whole and 1 <= value <= MAX_SIDE, f"1 to {MAX_SIDE}")
    for name in ("threshold", *_MAYBE_RATES):
        value = getattr(info, name)
        absent = value is None and name in _MAYBE_RATES
        _check(name, value, absent or _is_within(value, 0.0, 1.0), "0 to 1")
    margin = info.margin
    _check("margin", margin, _is_within(margin, 1.0, MAX_MARGIN), f"1 to {MAX_MARGIN}")
    _check_classes(info)
    for name, rate in info.rates.items():
        shares = (rate.wanted, rate.reached, rate.low, rate.high)
        possible = all(_is_within(share, 0.0, 1.0) for share in shares)
        _check(f"rates.{name}", rate, possible, "shares of 0 to 1")


def _check_classes(info: ModelInfo) -> None:
    """Names, and enough of them for the head that gives one probability each."""
    names = info.classes
    few = 2 if info.five_way else 0
    possible = few <= len(names) <= MAX_CLASSES and all(map(_is_text, names))
    _check("five_way", info.five_way, isinstance(info.five_way, bool), "true or false")
    _check("classes", names, possible, f"{few} to {MAX_CLASSES} names")
    _check("classes", names, len(set(names)) == len(names), "different names")


def _check(name: str, value: Any, possible: bool, wanted: str) -> None:
    if not possible:
        raise ValueError(f"`{name}` must be {wanted}. Received: {repr(value)[:100]}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _is_within(value: Any, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high
