"""Score over time of one face of a video, as the shapes of a small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fakeloc_tf.inference.verdict_text import threshold_text

Point = tuple[float, float]
"""Seconds and probability; in the plot: x and y."""

WIDTH, HEIGHT = 720, 190
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 22, 24
# Seconds between two labels of the time axis.
TICK_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True)
class Timeline:
    """What the template draws; pixels of a `width` × `height` view box.

    Attributes:
        scores: polylines of the frames' scores, "x,y x,y …".
        smooth: polylines of the smoothed score.
        bands: (x, width) of the manipulated seconds.
        peaks: (x, y, number) of the frames that are shown, numbered from 1 by score.
        grid: (y, text) of the horizontal lines.
        ticks: (x, text) of the time axis.
        thresholds: (y of the line, y of its text, text).
    """

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    scores: list[str]
    smooth: list[str]
    bands: list[tuple[float, float]]
    peaks: list[tuple[float, float, int]]
    grid: list[tuple[float, str]]
    ticks: list[tuple[float, str]]
    thresholds: list[tuple[float, float, str]]


def timeline(
    scores: Sequence[Point],
    smoothed: Sequence[Point],
    *,
    seconds: float,
    step: float,
    threshold: float,
    real_threshold: float | None = None,
    manipulated: Sequence[Sequence[float]] = (),
    peaks: Sequence[Point] = (),
) -> Timeline:
    """Places the scores of one face.

    Args:
        scores: (seconds, probability) of each scored frame, ascending.
        smoothed: the same, smoothed.
        seconds: length of the video, > 0.
        step: seconds between two scored frames; a line breaks where the face was away
            for more than one and a half of them.
        threshold: likely manipulated from here on.
        real_threshold: likely real below; None = no such threshold.
        manipulated: (from, to) in seconds.
        peaks: (seconds, probability) of the frames that are shown, the highest first.
    """
    marks = [(threshold, f"likely manipulated from {threshold_text(threshold)}", -4)]
    if real_threshold is not None and real_threshold < threshold:
        marks.append(
            (real_threshold, f"likely real below {threshold_text(real_threshold)}", 12)
        )
    return Timeline(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        scores=_runs(_thinned(scores, seconds), seconds, 1.5 * step),
        smooth=_runs(_thinned(smoothed, seconds), seconds, 1.5 * step),
        bands=[_band(first, last, seconds) for first, last in manipulated],
        peaks=[
            (round(_x(time, seconds), 1), round(_y(probability), 1), number)
            for number, (time, probability) in enumerate(peaks, start=1)
        ],
        grid=[(_y(level), f"{level:g}") for level in (0.0, 0.5, 1.0)],
        ticks=[(_x(time, seconds), clock(time)) for time in _tick_times(seconds)],
        thresholds=[
            (round(_y(level), 1), round(_y(level) + shift, 1), text)
            for level, text, shift in marks
        ],
    )


def _tick_times(seconds: float) -> list[float]:
    """0, round times, and the end of the video.

    A round time leaves room for the label of the end.
    """
    step = next((s for s in TICK_STEPS if seconds / s <= 5.5), seconds / 4)
    inner = [step * i for i in range(1, 6) if step * i < seconds - 0.6 * step]
    return [0.0, *inner, seconds]


def clock(seconds: float) -> str:
    """Seconds as people write them: `0:03.2`, `1:02:03.4`."""
    # Rounded first: 59.96 s are 1:00.0, not 0:60.0.
    tenths = round(10 * seconds)
    minutes, rest = divmod(tenths, 600)
    tail = f"{rest // 10:02d}.{rest % 10}"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def _thinned(points: Sequence[Point], seconds: float) -> list[Point]:
    """At most the lowest and the highest of each pixel column: pages stay small."""
    columns: dict[int, list[Point]] = {}
    for point in points:
        columns.setdefault(int(_x(point[0], seconds)), []).append(point)
    kept: list[Point] = []
    for column in columns.values():
        ends = {min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])}
        kept.extend(sorted(ends) if len(column) > 2 else column)
    return kept


def _runs(values: Sequence[Point], seconds: float, gap: float) -> list[str]:
    """Polylines of one face; a point alone becomes a short dash."""
    groups: list[list[Point]] = []
    for time, probability in values:
        if not groups or time - groups[-1][-1][0] > gap:
            groups.append([])
        groups[-1].append((time, probability))
    runs = []
    for group in groups:
        dots = [(_x(time, seconds), _y(probability)) for time, probability in group]
        if len(dots) == 1:
            dots.append((dots[0][0] + 3, dots[0][1]))
        runs.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in dots))
    return runs


def _band(first: float, last: float, seconds: float) -> tuple[float, float]:
    """Left side and width; one frame alone stays visible."""
    left = _x(first, seconds)
    return round(left, 1), round(max(_x(last, seconds) - left, 2.0), 1)


def _x(time: float, seconds: float) -> float:
    """Seconds to pixels."""
    return LEFT + (WIDTH - LEFT - RIGHT) * time / seconds


def _y(probability: float) -> float:
    """Probability to pixels; 1 is at the top."""
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - probability)
