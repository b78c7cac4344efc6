"""Which faces the page shows: the best and the worst, each of another video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from fakeloc_tf.evaluation.summary import VIDEO_KEY

SHOWN = 6
# What faces are chosen by, and what is said of them.
COLUMNS = (
    *VIDEO_KEY,
    *("frame", "label", "probability", "iou", "true_pixels", "predicted_fraction"),
)


@dataclass(frozen=True)
class Cases:
    """Some faces that are shown together.

    Attributes:
        title: what they have in common.
        absent: what is said where there are none.
        rows: of the predictions, the most extreme one first; index = position of the
            record in its split.
    """

    title: str
    absent: str
    rows: pd.DataFrame


def choose_cases(rows: pd.DataFrame, shown: int = SHOWN) -> list[Cases]:
    """The faces to look at, from the columns of the predictions.

    Args:
        rows: of `evaluate_model`, one a record, in written order.
        shown: faces of a group, at most.

    Returns:
        The groups, in the order of the page. In none of them are two faces of the same
        video: neighbouring frames look alike.
    """
    rows = rows[list(COLUMNS)].reset_index(drop=True)
    fakes, reals = rows[rows["label"] == 1], rows[rows["label"] == 0]
    # Where nothing is to be found a face has no IoU to look at.
    located = fakes[fakes["iou"].notna() & (fakes["true_pixels"] > 0)]
    marked = reals[reals["predicted_fraction"] > 0]
    no_fakes, no_reals = "There are no fakes.", "There are no real faces."
    no_masks = "There are no masks to compare."
    return [
        Cases(title, absent, _extreme(faces, column, least, shown))
        for title, absent, faces, column, least in (
            ("Missed: fakes, lowest score", no_fakes, fakes, "probability", True),
            ("Found: fakes, highest score", no_fakes, fakes, "probability", False),
            ("Located worst: fakes, lowest IoU", no_masks, located, "iou", True),
            ("Located best: fakes, highest IoU", no_masks, located, "iou", False),
            (
                *("False alarms: real faces, highest score", no_reals),
                *(reals, "probability", False),
            ),
            (
                "False alarms: real faces, largest marked area",
                "No real face is marked.",
                *(marked, "predicted_fraction", False),
            ),
        )
    ]


def positions(groups: Sequence[Cases]) -> list[int]:
    """The positions of all faces that are shown, each once, ascending."""
    return sorted({int(index) for group in groups for index in group.rows.index})


def _extreme(faces: pd.DataFrame, column: str, least: bool, shown: int) -> pd.DataFrame:
    """The first faces by a column, the first one of each video; ties as written."""
    ranked = faces.sort_values(column, ascending=least, kind="stable")
    return ranked.drop_duplicates(VIDEO_KEY).head(shown)
