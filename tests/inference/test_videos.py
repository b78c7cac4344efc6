"""Videos: which frames, tracks, scores, and how much is held at once."""

import numpy as np
import pytest
from doubles import box, gradient, make_detector
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.inference.videos import (
    MAX_WAITING_FRAMES,
    Track,
    TrackSummaries,
    ranked_tracks,
    sampled_indices,
    score_video,
    video_probability,
)
from fakeloc_tf.media.video import VideoInfo, probe, write_video


@given(
    frames=st.integers(1, 2000),
    rate=st.floats(5, 120),
    fps=st.one_of(st.none(), st.floats(0.1, 60)),
)
def test_samples_ascend_start_at_0_and_stay_inside(frames, rate, fps):
    indices = sampled_indices(VideoInfo(frames, rate, 8, 8), fps)
    assert indices[0] == 0
    assert indices[-1] < frames
    assert all(a < b for a, b in zip(indices, indices[1:], strict=False))
    if fps is None or fps >= rate:
        assert len(indices) == frames
    else:
        assert abs(len(indices) - frames / rate * fps) <= 1


def test_four_a_second_of_25():
    assert sampled_indices(VideoInfo(50, 25.0, 8, 8), 4.0)[:5] == [0, 6, 12, 18, 25]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """40 frames of red that grows from left to right."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_video(path, (gradient() for _ in range(40)), 20.0)
    return path


def test_two_people_keep_their_ids_and_their_own_scores(clip):
    frames = [
        # The faces come in changing order and move a little.
        [box(10 + i, 30, 48), box(100 - i, 40, 48)][:: 1 if i % 2 else -1]
        for i in range(10)
    ]
    detector = make_detector(*frames, batch_size=4)
    info = probe(clip)
    summaries = TrackSummaries()
    for frame in score_video(detector, clip, info, sampled_indices(info, 5.0)):
        summaries.add(frame)
    left, right = sorted(summaries.tracks(), key=lambda t: t.mean_probability)
    assert {left.id, right.id} == {0, 1}
    assert (left.frames, left.first, left.last) == (10, 0, 36)
    assert left.mean_probability < 0.4 < 0.6 < right.mean_probability
    points = summaries.points()[right.id]
    assert right.mean_probability == pytest.approx(np.mean([p for _, p in points]))
    assert (right.peak_frame, right.peak_probability) == max(
        points, key=lambda point: point[1]
    )


def test_frames_in_memory_do_not_grow_with_the_video(clip, monkeypatch):
    detector = make_detector([box(20, 20, 60)], batch_size=1000)
    waiting = []
    score = detector.score_boxes
    monkeypatch.setattr(
        detector,
        "score_boxes",
        lambda images, boxes: waiting.append(len(images)) or score(images, boxes),
    )
    info = probe(clip)
    got = [f.index for f in score_video(detector, clip, info, range(info.frames))]
    assert got == list(range(40))
    assert max(waiting) == MAX_WAITING_FRAMES


def test_small_faces_are_counted_and_not_scored(clip):
    detector = make_detector([box(20, 20, 20)])
    frames = list(score_video(detector, clip, probe(clip), [0, 1]))
    assert [(f.faces, f.too_small) for f in frames] == [([], 1), ([], 1)]


def track(number, frames, mean):
    return Track(number, frames, 0, frames, mean, mean, 0)


def test_the_video_score_is_the_worst_long_track():
    assert video_probability([]) is None
    assert video_probability([track(0, 9, 0.2), track(1, 5, 0.7)]) == 0.7
    # One frame of a false box does not decide over a video.
    assert video_probability([track(0, 9, 0.2), track(1, 1, 0.99)]) == 0.2
    assert video_probability([track(0, 2, 0.3), track(1, 1, 0.6)]) == 0.6


def test_tracks_of_false_boxes_come_last():
    tracks = [track(0, 2, 0.99), track(1, 9, 0.2), track(2, 3, 0.6), track(3, 1, 1.0)]
    assert [t.id for t in ranked_tracks(tracks)] == [2, 1, 3, 0]
