"""What the detector was to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shipped_numbers import Figure

from fakeloc_tf.inference.verdict import LIKELY_MANIPULATED


@dataclass(frozen=True)
class Goal:
    """A bound on one figure.

    Attributes:
        title: for people.
        at: keys that lead to the figure in `figures.json`.
        bound: to be reached.
        least: whether the bound is the least value, or the most.
    """

    title: str
    at: tuple[str, ...]
    bound: float
    least: bool = True


GOALS = (
    Goal("DFDC, frame AUC", ("dfdc", "figures", "auc"), 0.75),
    Goal("DFDC, IoU on fakes", ("dfdc", "figures", "iou_image_fakes"), 0.55),
    Goal(
        "DFDC, pixel AUC on fakes", ("dfdc", "figures", "pixel_auc_image_fakes"), 0.85
    ),
    Goal(
        "DFDC, share of reals with an empty mask",
        ("dfdc", "figures", "empty_mask_share_reals"),
        0.8,
    ),
    Goal(
        "real videos, share called manipulated",
        ("videos_real", "answers", LIKELY_MANIPULATED),
        0.1,
        least=False,
    ),
)
MET, MISSED, UNKNOWN = "met", "not met", "not measured"


@dataclass(frozen=True)
class Outcome:
    """A goal and what came of it.

    Attributes:
        goal: the goal.
        figure: None = it was not measured.
        said: `MET`, `MISSED` or `UNKNOWN`.
        certain: whether the whole interval says the same.
    """

    goal: Goal
    figure: Figure | None
    said: str
    certain: bool


def outcomes(figures: Mapping[str, Any]) -> list[Outcome]:
    """Each goal beside its figure of `figures.json`."""
    return [_outcome(goal, _find(figures, goal.at)) for goal in GOALS]


def _outcome(goal: Goal, figure: Figure | None) -> Outcome:
    if figure is None or figure["value"] is None:
        return Outcome(goal, None, UNKNOWN, False)
    ends = [figure["low"], figure["high"]]
    met = _reaches(goal, figure["value"])
    certain = None not in ends and all(_reaches(goal, end) == met for end in ends)
    return Outcome(goal, figure, MET if met else MISSED, certain)


def _reaches(goal: Goal, value: float) -> bool:
    return value >= goal.bound if goal.least else value <= goal.bound


def _find(figures: Mapping[str, Any], at: tuple[str, ...]) -> Figure | None:
    found: Any = figures
    for key in at:
        found = (found or {}).get(key)
    return found
