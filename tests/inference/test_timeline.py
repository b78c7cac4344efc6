"""Scores of a face over time: points, gaps, thresholds, times."""

import pytest

from fakeloc_tf.inference.timeline import clock, timeline


def plot(scores, smoothed=(), **changes):
    facts = {"seconds": 4.0, "step": 1.0, "threshold": 0.5}
    return timeline(scores, smoothed, **facts | changes)


def at(p, share):
    return f"{p.left + share * (p.right - p.left):.1f}"


def test_points_are_placed_and_lines_break_at_gaps():
    p = plot([(0.0, 0.0), (1.0, 1.0), (3.0, 0.5)], [(4.0, 1.0)])
    assert [len(run.split()) for run in p.scores] == [2, 2]
    assert p.scores[0] == f"{p.left}.0,{p.bottom}.0 {at(p, 0.25)},{p.top}.0"
    assert p.smooth[0].startswith(f"{p.right}.0,{p.top}.0")
    assert plot([(0.0, 0.0), (1.5, 1.0)]).scores[0].count(",") == 2


@pytest.mark.parametrize(
    ("seconds", "texts"),
    [
        (4.2, ["0:00.0", "0:01.0", "0:02.0", "0:03.0", "0:04.2"]),
        (10.025, ["0:00.0", "0:02.0", "0:04.0", "0:06.0", "0:08.0", "0:10.0"]),
        (0.04, ["0:00.0", "0:00.0"]),
        (7200.0, ["0:00.0", "30:00.0", "1:00:00.0", "1:30:00.0", "2:00:00.0"]),
    ],
)
def test_the_axis_has_round_times_and_the_end(seconds, texts):
    p = plot([], seconds=seconds)
    assert [text for _, text in p.ticks] == texts
    assert p.ticks[0][0] == p.left and p.ticks[-1][0] == p.right


def test_both_thresholds_are_drawn_where_there_are_two():
    (only,) = plot([]).thresholds
    assert only[0] == (plot([]).top + plot([]).bottom) / 2
    high, low = plot([], real_threshold=0.25).thresholds
    assert high[0] < low[0] and "0.250" in low[2]
    # Texts stand apart, above and below, also of thresholds that are close.
    assert high[1] < high[0] and low[1] > low[0]
    assert len(plot([], real_threshold=0.5).thresholds) == 1


def test_bands_and_peaks_are_at_their_seconds():
    p = plot([], manipulated=[[1.0, 2.0], [4.0, 4.0]], peaks=[(2.0, 1.0), (0.0, 0.0)])
    (left, width), (_, dot) = p.bands
    assert (f"{left:.1f}", f"{left + width:.1f}") == (at(p, 0.25), at(p, 0.5))
    assert dot > 0
    assert p.peaks == [(float(at(p, 0.5)), p.top, 1), (p.left, p.bottom, 2)]


def test_a_long_video_keeps_its_extremes_in_few_points():
    scores = [(i / 100, 0.3) for i in range(100_000)]
    scores[50_000] = (500.0, 0.9)
    scores[50_001] = (500.01, 0.0)
    p = plot(scores, seconds=1000.0, step=0.01)
    points = [point for run in p.scores for point in run.split()]
    assert len(points) <= 2 * p.width
    heights = {float(point.split(",")[1]) for point in points}
    assert max(heights) == p.bottom
    assert min(heights) == pytest.approx(p.top + 0.1 * (p.bottom - p.top), abs=0.1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00.0"),
        (3.2, "0:03.2"),
        (59.96, "1:00.0"),
        (61.04, "1:01.0"),
        (3599.97, "1:00:00.0"),
        (3723.4, "1:02:03.4"),
    ],
)
def test_clock(seconds, text):
    assert clock(seconds) == text
