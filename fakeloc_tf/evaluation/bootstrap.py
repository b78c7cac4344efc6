"""95% intervals by bootstrap over videos.

Frames of a video are alike, so that they are no independent trials: a resample draws
whole videos with replacement. It draws within each method of each data set, since how
many videos a method has was decided by who made the test set and is no chance; so a
resample never lacks a class, and the prevalence that accuracy and AP depend on stays.

Every metric is computed for all resamples at once: a resample is a weight a video, and
row 0 of the weights, all ones, gives the metric itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

RESAMPLES = 1000
SEED = 0
LEVEL = 0.95
# Resamples whose weights are float64 at once: 8 MB of 10,000 videos.
BLOCK = 100


@dataclass(frozen=True)
class Sample:
    """Rows with the videos that they are drawn by.

    Attributes:
        rows: [N], a row a frame or a video.
        video: int [N] in 0..V-1, the video of each row.
        weights: uint16 [1 + R, V] of `draw_videos`.
    """

    rows: pd.DataFrame
    video: np.ndarray
    weights: np.ndarray

    def part(self, keep: np.ndarray) -> Sample:
        """Those rows only; `keep` is bool [N]."""
        return Sample(self.rows[keep], self.video[keep], self.weights)

    def sums(self, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Weighted sums over the rows.

        Args:
            columns: name → float or bool [N].

        Returns:
            float64 [1 + R] each.
        """
        videos = self.weights.shape[1]
        of_videos = np.stack(
            [np.bincount(self.video, c, minlength=videos) for c in columns.values()],
            axis=1,
        )
        blocks = [
            self.weights[first : first + BLOCK].astype(np.float64) @ of_videos
            for first in range(0, len(self.weights), BLOCK)
        ]
        return dict(zip(columns, np.concatenate(blocks).T, strict=True))

    def means(
        self, columns: Mapping[str, tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """Weighted means over some of the rows.

        Args:
            columns: name → (values float [N], which rows count, bool [N]).

        Returns:
            float64 [1 + R] each; NaN where no row counts, or a value that does is NaN.
        """
        parts = {}
        for name, (values, keep) in columns.items():
            parts[f"sum {name}"] = np.where(keep, values, 0.0)
            parts[f"count {name}"] = keep
        sums = self.sums(parts)
        return {
            name: quotient(sums[f"sum {name}"], sums[f"count {name}"])
            for name in columns
        }


def draw_videos(strata: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """How often each video counts: once, then as often as it is drawn.

    Args:
        strata: int [V], the stratum of each video.
        resamples: R, how often to draw.
        seed: of the draws.

    Returns:
        uint16 [1 + R, V]; a stratum's weights add up to its number of videos.
    """
    rng = np.random.default_rng(seed)
    weights = np.ones((1 + resamples, len(strata)), np.uint16)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        count = len(members)
        for resample in weights[1:]:
            drawn = rng.integers(count, size=count)
            resample[members] = np.bincount(drawn, minlength=count)
    return weights


def quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part/whole, NaN where `whole` is 0."""
    nothing = np.full_like(part, np.nan)
    return np.divide(part, whole, out=nothing, where=whole != 0)


def intervals(
    values: Mapping[str, np.ndarray], weights: np.ndarray
) -> dict[str, list[float]]:
    """The middle 95% of the resamples (percentile bootstrap).

    Args:
        values: name → float [1 + R], the metric and its resamples.
        weights: of `draw_videos`.

    Returns:
        name → [low, high]; without the metrics that are undefined, in a resample too.
        Empty where each video is alone in its stratum, so that nothing is known.
    """
    found: dict[str, list[float]] = {}
    if (weights == 1).all():
        return found
    for name, value in values.items():
        resampled = value[1:]
        if len(resampled) and np.isfinite(value).all():
            ends = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            found[name] = [float(end) for end in ends]
    return found
