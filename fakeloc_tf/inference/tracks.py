"""The scores of one person through a video: smoothed, summed up, the seconds marked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fakeloc_tf.inference.quality import QualityWarning, track_warnings

# A track seen in fewer sampled frames is likely a false box of the face detector.
MIN_TRACK_FRAMES = 3
# Scores of single frames jump; a manipulation lasts.
SMOOTHING_SECONDS = 1.0
# Frames of a track that the report shows, and how far apart they are.
MAX_PEAKS = 3
PEAK_DISTANCE_SECONDS = 1.0
# Sums in another order, as in batches of another size, change the seventh digit.
DIGITS = 6
# Times are known to a millisecond.
_SAME_TIME = 1e-3


@dataclass(frozen=True)
class TrackPoint:
    """A face of a track in one sampled frame.

    Attributes:
        frame: 0 = first of the video.
        time: seconds from the start.
        probability: of being manipulated, 0..1.
    """

    frame: int
    time: float
    probability: float


@dataclass(frozen=True)
class Track:
    """One person through the video.

    Attributes:
        id: counts from 0 in the order of appearance.
        points: of the sampled frames with this face, in order.
        warnings: quality warnings that hold for most of its frames.
    """

    id: int
    points: tuple[TrackPoint, ...]
    warnings: tuple[QualityWarning, ...]

    @property
    def probabilities(self) -> np.ndarray:
        """float64 [N], of its frames."""
        return np.array([point.probability for point in self.points])


class TrackCollector:
    """Collects the points of each track while the frames pass by."""

    def __init__(self) -> None:
        self._points: dict[int, list[TrackPoint]] = defaultdict(list)
        self._warnings: dict[int, list[Sequence[QualityWarning]]] = defaultdict(list)

    def add(
        self, track: int, point: TrackPoint, warnings: Sequence[QualityWarning]
    ) -> None:
        """Takes one face of one frame in; frames come in order."""
        self._points[track].append(point)
        self._warnings[track].append(warnings)

    def tracks(self) -> list[Track]:
        """Every track, by id."""
        return [
            Track(track, tuple(points), tuple(track_warnings(self._warnings[track])))
            for track, points in sorted(self._points.items())
        ]


def smoothed(points: Sequence[TrackPoint]) -> np.ndarray:
    """Mean of the scores within half of `SMOOTHING_SECONDS` before and after each.

    Returns:
        float64 [N] in 0..1.
    """
    times = np.array([point.time for point in points])
    sums = np.concatenate([[0.0], np.cumsum([point.probability for point in points])])
    # A hair wider, so that a frame at exactly that distance counts on both sides.
    half = SMOOTHING_SECONDS / 2 + 1e-6
    first = np.searchsorted(times, times - half, "left")
    last = np.searchsorted(times, times + half, "right")
    return (sums[last] - sums[first]) / (last - first)


def manipulated_seconds(
    points: Sequence[TrackPoint],
    threshold: float,
    times: Sequence[float],
    seconds: float,
) -> list[tuple[float, float]]:
    """When the smoothed score is at the threshold or above.

    Each sampled frame stands for the time half way to its neighbours.

    Args:
        points: of a track.
        threshold: of the verdict on a face: what is smoothed are scores of frames.
        times: of all sampled frames of the video, ascending; those of `points` are
            among them.
        seconds: length of the video.

    Returns:
        (from, to) in seconds, ascending, apart from each other.
    """
    halves = np.diff(np.asarray(times, np.float64)) / 2
    # The first and the last frame reach as far outwards as inwards, one alone all over.
    ends = halves[[0, -1]] if len(halves) else np.full(2, seconds)
    before = dict(zip(times, [ends[0], *halves], strict=True))
    after = dict(zip(times, [*halves, ends[1]], strict=True))
    spans: list[tuple[float, float]] = []
    for point, level in zip(points, smoothed(points), strict=True):
        if level < threshold:
            continue
        start = max(0.0, point.time - before[point.time])
        end = min(seconds, point.time + after[point.time])
        if spans and start <= spans[-1][1] + _SAME_TIME:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return [(round(start, 3), round(end, 3)) for start, end in spans]


def peaks(points: Sequence[TrackPoint]) -> list[TrackPoint]:
    """The highest points, of equally high ones the first, not close to each other.

    Equal are scores that do not differ within `DIGITS`.
    """
    chosen: list[TrackPoint] = []
    for point in sorted(points, key=lambda point: -round(point.probability, DIGITS)):
        if all(abs(point.time - c.time) >= PEAK_DISTANCE_SECONDS for c in chosen):
            chosen.append(point)
        if len(chosen) == MAX_PEAKS:
            break
    return chosen


def ranked(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of tracks, the highest score first.

    Those of fewer than `MIN_TRACK_FRAMES` frames come last: one frame of a false box
    must not decide over a video.
    """
    return sorted(
        rows,
        key=lambda row: (row["frames"] >= MIN_TRACK_FRAMES, row["probability"]),
        reverse=True,
    )


def deciding(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The `ranked` tracks that the verdict rests on: short ones only if all are."""
    order = ranked(rows)
    return [row for row in order if row["frames"] >= MIN_TRACK_FRAMES] or order
