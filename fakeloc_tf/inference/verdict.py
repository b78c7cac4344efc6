"""The three answers: likely manipulated, likely real, not sure."""

from __future__ import annotations

from dataclasses import dataclass

LIKELY_MANIPULATED = "likely_manipulated"
LIKELY_REAL = "likely_real"
NOT_SURE = "not_sure"
# In the order in which people are shown them.
ALL = (LIKELY_MANIPULATED, NOT_SURE, LIKELY_REAL)

_SHOWN = {
    LIKELY_MANIPULATED: "likely manipulated",
    LIKELY_REAL: "likely real",
    NOT_SURE: "not sure",
}


@dataclass(frozen=True)
class Thresholds:
    """Where the answers begin.

    Attributes:
        manipulated: a score from here on is `LIKELY_MANIPULATED`; 0..1.
        real: a score below is `LIKELY_REAL`; 0..`manipulated`. None = it is not known
            how many fakes lie below any score, so that nothing is called real.
    """

    manipulated: float
    real: float | None

    def __post_init__(self) -> None:
        """Refuses sides that overlap: a score would have two answers."""
        if self.real is not None and self.real > self.manipulated:
            raise ValueError(
                "`real` must not be above `manipulated`. Received: "
                f"real={self.real}, manipulated={self.manipulated}"
            )


def verdict(
    probability: float, thresholds: Thresholds, *, doubted: bool = False
) -> str:
    """The answer to one score.

    Args:
        probability: of a face, or the score of a track or a video; 0..1.
        thresholds: of faces or of videos, whichever the score is of.
        doubted: something speaks against this face, such as too few pixels or blur. The
            stated rates hold for faces like those of the validation only, so the answer
            is `NOT_SURE`, whatever the score.

    Returns:
        One of `ALL`; `NOT_SURE` too for a score that is no number.
    """
    if doubted:
        return NOT_SURE
    if probability >= thresholds.manipulated:
        return LIKELY_MANIPULATED
    if thresholds.real is not None and probability < thresholds.real:
        return LIKELY_REAL
    return NOT_SURE


def shown(verdict: str) -> str:
    """The verdict with spaces, for people.

    Raises:
        ValueError: it is none of `ALL`.
    """
    if verdict not in _SHOWN:
        raise ValueError(
            f"`verdict` must be one of {', '.join(ALL)}. Received: {verdict}"
        )
    return _SHOWN[verdict]
