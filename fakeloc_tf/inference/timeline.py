"""Score over time of a video's tracks, as the shapes of a small SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 8, 24
# Okabe and Ito's colours, told apart by colour-blind people too.
COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#666666",
    "#7a3e9d",
)


@dataclass(frozen=True)
class Line:
    """One track: `runs` are the points of its polylines, "x,y x,y …"."""

    track: int
    color: str
    runs: list[str]


@dataclass(frozen=True)
class Timeline:
    """What the template draws; pixels of a `width` × `height` view box.

    Attributes:
        lines: a line per track.
        grid: (y, text) of the horizontal lines.
        ticks: (x, text) of the time axis.
        threshold_y: of the dashed line.
    """

    width: int
    height: int
    left: int
    right: int
    bottom: int
    lines: list[Line]
    grid: list[tuple[float, str]]
    ticks: list[tuple[float, str]]
    threshold_y: float


def timeline(
    points: Mapping[int, Sequence[tuple[float, float]]],
    seconds: float,
    step: float,
    threshold: float,
) -> Timeline:
    """Places the scores of each track.

    Args:
        points: track → (seconds, probability), ascending; in the order of the legend.
        seconds: length of the video, > 0.
        step: seconds between two scored frames; a line breaks where a face was away
            for more than one and a half of them.
        threshold: of the verdict.
    """
    lines = [
        Line(track, COLORS[number % len(COLORS)], _runs(values, seconds, 1.5 * step))
        for number, (track, values) in enumerate(points.items())
    ]
    ticks = [seconds * i / 4 for i in range(5)]
    decimals = 2 if seconds < 2 else 1
    return Timeline(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        bottom=HEIGHT - BOTTOM,
        lines=lines,
        grid=[(_y(level), f"{level:g}") for level in (0.0, 0.5, 1.0)],
        ticks=[(_x(tick, seconds), f"{tick:.{decimals}f} s") for tick in ticks],
        threshold_y=_y(threshold),
    )


def _runs(
    values: Sequence[tuple[float, float]], seconds: float, gap: float
) -> list[str]:
    """Polylines of one track; a point alone becomes a short dash."""
    groups: list[list[tuple[float, float]]] = []
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


def _x(time: float, seconds: float) -> float:
    """Seconds to pixels."""
    return LEFT + (WIDTH - LEFT - RIGHT) * time / seconds


def _y(probability: float) -> float:
    """Probability to pixels; 1 is at the top."""
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - probability)
