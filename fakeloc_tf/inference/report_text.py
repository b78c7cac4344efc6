"""What the report says of the model: thresholds, verdicts and training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakeloc_tf.inference.verdict import (
    LIKELY_MANIPULATED,
    LIKELY_REAL,
    NOT_SURE,
    Thresholds,
)
from fakeloc_tf.inference.verdict_text import threshold_text

if TYPE_CHECKING:
    from fakeloc_tf.inference.model_info import ModelInfo


def for_people(info: ModelInfo) -> dict[str, Any]:
    """What the page says of a model, as `call.json` keeps it beside the model's fields.

    Args:
        info: of the model, with the thresholds in use.

    Returns:
        `thresholds` and `meanings` of `face` and `video`; `rates_hold_for`.
    """
    limits = {"face": info.thresholds(), "video": info.video_thresholds()}
    return {
        "thresholds": {kind: [t.manipulated, t.real] for kind, t in limits.items()},
        "meanings": {"face": info.meanings("face"), "video": info.meanings("video")},
        "rates_hold_for": info.rates_hold_for(),
    }


def thresholds_of(model: dict[str, Any], what: str) -> Thresholds:
    """Those of `face`, a picture's or a frame's, or of `video`, also of a track.

    Args:
        model: of `call.json`: its `thresholds`, {"face": [manipulated, real], "video":
            ...}, or the one `threshold` of the model.
        what: `face` or `video`.
    """
    pair = model.get("thresholds", {}).get(what)
    return Thresholds(*(pair or (model["threshold"], model["threshold"])))


def threshold_words(thresholds: Thresholds) -> str:
    """Both thresholds in words."""
    text = f"likely manipulated from {threshold_text(thresholds.manipulated)}"
    if thresholds.real is None:
        return text
    return f"{text}, likely real below {threshold_text(thresholds.real)}"


def verdict_meanings(model: dict[str, Any], what: str) -> list[tuple[str, str]]:
    """Each verdict with the sentence that says what it means.

    Args:
        model: of `call.json`; its `meanings`, {"face": {verdict: sentence}, "video":
            ...}, come from `ModelInfo.meanings`. Without them the thresholds speak.
        what: `face` or `video`.
    """
    texts = model.get("meanings", {}).get(what)
    texts = texts or _plain(model, thresholds_of(model, what))
    return [(verdict, sentence(text)) for verdict, text in texts.items()]


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _plain(model: dict[str, Any], limits: Thresholds) -> dict[str, str]:
    """Sentences that rest on the thresholds alone."""
    upper, source = threshold_text(limits.manipulated), model.get("threshold_source")
    texts = {
        LIKELY_MANIPULATED: f"The score is {upper} or more "
        f"({source or 'no source given'}).",
        NOT_SURE: "A quality warning makes the score unreliable.",
    }
    if limits.real is None:
        texts[NOT_SURE] = f"Every score below {upper}."
        return texts
    lower = threshold_text(limits.real)
    if limits.real < limits.manipulated:
        texts[NOT_SURE] = (
            f"The score is between {lower} and {upper}, or a quality warning makes it "
            "unreliable."
        )
    texts[LIKELY_REAL] = f"The score is below {lower}."
    return texts


def trained_on(model: dict[str, Any]) -> str:
    """Data and methods of the training, in one sentence."""
    methods = list(model.get("classes", ())[1:])
    text = f"The model was trained on {model.get('trained_on', 'unknown data')}"
    # A model of two classes does not know the methods: its other class is "fake".
    if not methods or methods == ["fake"]:
        return f"{text}."
    return f"{text}; methods: {', '.join(methods)}."
