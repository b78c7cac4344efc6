"""Tracks: smoothed scores, seconds, peaks, and which track decides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.inference.quality import QualityWarning
from fakeloc_tf.inference.tracks import (
    DIGITS,
    MAX_PEAKS,
    PEAK_DISTANCE_SECONDS,
    SMOOTHING_SECONDS,
    TrackCollector,
    TrackPoint,
    deciding,
    manipulated_seconds,
    peaks,
    ranked,
    smoothed,
)


def points(*scores, step=0.25, start=0.0):
    return [TrackPoint(i, start + step * i, p) for i, p in enumerate(scores)]


def times_of(track):
    return [point.time for point in track]


# No subnormal scores: engines switch them to zero for the whole process.
TRACKS = st.lists(
    st.tuples(st.floats(0.01, 2.0), st.floats(0, 1, allow_subnormal=False)),
    min_size=1,
    max_size=40,
).map(
    lambda pairs: [
        TrackPoint(i, time, score)
        for i, (time, score) in enumerate(
            zip(np.cumsum([p[0] for p in pairs]), [p[1] for p in pairs], strict=True)
        )
    ]
)


def test_each_score_becomes_the_mean_of_the_second_around_it():
    got = smoothed(points(0, 0, 1, 0, 0, 0))
    # At four a second, two frames before and two after lie within half a second.
    np.testing.assert_allclose(got, [1 / 3, 1 / 4, 1 / 5, 1 / 5, 1 / 4, 0])


@given(TRACKS)
def test_smoothing_is_the_slow_mean(track):
    slow = [
        np.mean(
            [
                p.probability
                for p in track
                if abs(p.time - q.time) <= SMOOTHING_SECONDS / 2 + 1e-6
            ]
        )
        for q in track
    ]
    np.testing.assert_allclose(smoothed(track), slow, atol=1e-9)


def test_seconds_reach_half_a_step_around_the_frames():
    track = points(*[0.0] * 4, *[1.0] * 8, *[0.0] * 4)
    (span,) = manipulated_seconds(track, 0.5, times_of(track), 4.0)
    # Frames 4 (1.0 s) to 11 (2.75 s): there the mean is 0.6 and more.
    assert span == (0.875, 2.875)


def test_seconds_of_uneven_steps_are_one_span():
    times = [0.0, 0.24, 0.48, 0.76, 1.0]
    track = [TrackPoint(i, time, 1.0) for i, time in enumerate(times)]
    assert manipulated_seconds(track, 0.5, times, 1.1) == [(0.0, 1.1)]


def test_seconds_have_no_gaps_where_the_frame_rate_falls():
    """As of a phone in the dark: many frames a second, then few."""
    times = [*np.arange(0, 1, 0.05).tolist(), *np.arange(1, 5, 0.5).tolist()]
    track = [TrackPoint(i, time, 1.0) for i, time in enumerate(times)]
    assert manipulated_seconds(track, 0.5, times, 4.9) == [(0.0, 4.75)]
    assert manipulated_seconds(track[-2:], 0.5, times, 4.9) == [(3.75, 4.75)]


def test_seconds_are_apart_where_the_face_was_away():
    track = points(1, 1) + [TrackPoint(20, 5.0, 1.0)]
    sampled = [0.25 * i for i in range(21)]
    spans = manipulated_seconds(track, 0.5, sampled, 5.05)
    assert spans == [(0.0, 0.375), (4.875, 5.05)]


@given(TRACKS, st.floats(0.05, 1))
def test_seconds_ascend_and_stay_inside(track, threshold):
    end = track[-1].time + 0.1
    spans = manipulated_seconds(track, threshold, times_of(track), end)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= end + 1e-3)
    assert bool(spans) == bool((smoothed(track) >= threshold).any())


@given(TRACKS)
def test_peaks_start_at_the_highest_and_keep_apart(track):
    found = peaks(track)
    assert 1 <= len(found) <= MAX_PEAKS
    highest = max(p.probability for p in track)
    assert round(found[0].probability, DIGITS) == round(highest, DIGITS)
    for i, a in enumerate(found):
        assert all(abs(a.time - b.time) >= PEAK_DISTANCE_SECONDS for b in found[:i])


def test_a_collector_keeps_each_persons_own_points_and_lasting_warnings():
    collector = TrackCollector()
    small = QualityWarning("small", "The face is small.")
    for point in points(0.1, 0.2, 0.3):
        collector.add(7, point, [small])
        collector.add(3, point, [])
    first, second = collector.tracks()
    assert (first.id, second.id) == (3, 7)
    np.testing.assert_array_equal(first.probabilities, [0.1, 0.2, 0.3])
    assert first.warnings == ()
    assert [w.code for w in second.warnings] == ["small"]


def row(track, frames, probability):
    return {"track": track, "frames": frames, "probability": probability}


def test_tracks_of_false_boxes_come_last_and_do_not_decide():
    rows = [row(0, 2, 0.99), row(1, 9, 0.2), row(2, 3, 0.6), row(3, 1, 1.0)]
    assert [r["track"] for r in ranked(rows)] == [2, 1, 3, 0]
    assert [r["track"] for r in deciding(rows)] == [2, 1]
    alone = [row(0, 2, 0.3), row(1, 1, 0.6)]
    assert [r["track"] for r in deciding(alone)] == [1, 0]
    assert deciding([]) == []


def test_a_threshold_that_is_not_reached_marks_nothing():
    track = points(0.2, 0.2)
    assert manipulated_seconds(track, 0.5, times_of(track), 1.0) == []


def test_one_sampled_frame_at_the_threshold_stands_for_the_whole_video():
    assert manipulated_seconds(points(0.5), 0.5, [0.0], 0.3) == [(0.0, 0.3)]


def test_equal_scores_show_the_first_of_them():
    assert [p.time for p in peaks(points(0.4, 0.9, 0.9, 0.9))] == [0.25]
