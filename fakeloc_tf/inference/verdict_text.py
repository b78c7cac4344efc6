"""What a verdict means, in a sentence: its scores, its errors, what they rest on."""

from __future__ import annotations

from fakeloc_tf.inference.known_rates import KnownRate
from fakeloc_tf.inference.verdict import (
    LIKELY_MANIPULATED,
    LIKELY_REAL,
    NOT_SURE,
    Thresholds,
)


def meanings(
    thresholds: Thresholds,
    manipulated: KnownRate | None,
    real: KnownRate | None,
    *,
    what: str = "face",
) -> dict[str, str]:
    """Verdict → what it means, one sentence each.

    Args:
        thresholds: of the verdict.
        manipulated: error rate among reals; None = not known.
        real: error rate among fakes; None = not known.
        what: `face` or `video`.
    """
    upper, lower = thresholds.manipulated, thresholds.real
    high = f"a {what} with a score of {_score(upper)} or more"
    low = f"a {what} with a score below {_score(upper if lower is None else lower)}"
    if lower is None:
        nothing = "none is called so: how many fakes have low scores is not known"
    return {
        LIKELY_MANIPULATED: f"{high}; {_errors(manipulated, 'real', what)}",
        NOT_SURE: _between(thresholds, what),
        LIKELY_REAL: nothing
        if lower is None
        else f"{low}; {_errors(real, 'fake', what)}",
    }


def rate_words(rate: KnownRate, kind: str, what: str = "face") -> str:
    """Rate, interval and what they rest on.

    Args:
        rate: the rate.
        kind: `real` or `fake`, the class of the errors.
        what: `face` or `video`.
    """
    if what == "face":
        rest = (
            f"{_count(rate.faces, kind, 'face')} of {_count(rate.videos, '', 'video')}"
        )
    else:
        rest = _count(rate.videos, kind, "video")
    return (
        f"{percent(rate.reached)} of {rest} (at most {percent(rate.wanted)} wanted; "
        f"95% interval, by videos, {percent(rate.low)} to {percent(rate.high)})"
    )


def percent(share: float) -> str:
    """0.0473 → `4.73%`: three digits, so that small rates do not become 0."""
    return f"{100.0 * share:.3g}%"


def threshold_text(threshold: float) -> str:
    """Three digits after the point, or as many as keep it below 1."""
    text = f"{threshold:.3f}"
    return _score(threshold) if text == "1.000" else text


def _between(thresholds: Thresholds, what: str) -> str:
    upper, lower = _score(thresholds.manipulated), thresholds.real
    poor = (
        f"a {what} with a warning that leaves no sure answer, such as of a face that "
        "is too small or blurred, whatever its score"
    )
    if lower is None:
        return f"a {what} with a score below {upper}, or {poor}"
    if lower == thresholds.manipulated:
        return poor
    return f"a {what} with a score from {_score(lower)} to below {upper}, or {poor}"


def _errors(rate: KnownRate | None, kind: str, what: str) -> str:
    """Who else is called so."""
    if rate is None:
        return f"how many {kind} {what}s are called so by mistake is not known"
    return f"on validation {rate_words(rate, kind, what)} were called so by mistake"


def _count(number: int, kind: str, what: str) -> str:
    """`1 real face`, `12 videos`."""
    words = [str(number), kind, what if number == 1 else f"{what}s"]
    return " ".join(word for word in words if word)


def _score(threshold: float) -> str:
    """Four digits, or as many as keep it below 1."""
    texts = [f"{threshold:.{digits}g}" for digits in (4, 8, 17)]
    return next((text for text in texts if text != "1"), "1")
