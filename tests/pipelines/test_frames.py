"""Which frames are taken, how many faces are wanted, and which are repeated."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.config import PrepareConfig
from pipelines.frames import faces_wanted, repeats_of_frames, spread_frames
from pipelines.sources import Source


def test_frames_stand_in_the_middle_of_their_parts():
    assert list(spread_frames(8, 2)) == [2, 6]
    assert list(spread_frames(9, 3)) == [1, 4, 7]
    assert list(spread_frames(3, 10)) == [0, 1, 2]


@given(total=st.integers(0, 3000), count=st.integers(1, 400))
def test_frames_ascend_inside_the_video_with_even_gaps(total, count):
    frames = list(spread_frames(total, count))

    assert len(frames) == min(total, count)
    assert all(0 <= f < total for f in frames)
    gaps = {b - a for a, b in zip(frames, frames[1:], strict=False)}
    assert min(gaps, default=1) >= 1
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


def source(label, split, name="a.mp4"):
    return Source(
        Path(name), None, label, "m", "v", ("p",), split, quality="", dataset=""
    )


@pytest.mark.parametrize(
    ("label", "split", "name", "wanted"),
    [
        (0, "train", "a.mp4", 1080),
        (1, "train", "a.mp4", 270),
        (0, "val", "a.mp4", 100),
        (1, "test", "a.mp4", 100),
        (0, "train", "a.png", 1),
    ],
)
def test_faces_wanted_are_those_of_the_paper(label, split, name, wanted):
    assert faces_wanted(source(label, split, name), PrepareConfig()) == wanted


@given(total=st.integers(1, 200), frames=st.integers(1, 60), factor=st.integers(1, 5))
def test_short_real_videos_are_filled_up_evenly(total, frames, factor):
    config = PrepareConfig(frames_train=frames, real_factor=factor)
    repeats = repeats_of_frames(total, source(0, "train"), config)

    taken = len(spread_frames(total, frames * factor))
    assert taken + repeats.total() == factor * min(frames, total)
    if repeats:
        assert taken == total
        often = [repeats[frame] for frame in range(total)]
        assert max(often) - min(often) <= 1
        assert set(repeats) <= set(range(total))


def test_pictures_are_not_repeated():
    assert not repeats_of_frames(1, source(0, "train", "a.png"), PrepareConfig())


@pytest.mark.parametrize(("label", "split"), [(1, "train"), (0, "val"), (1, "test")])
def test_other_short_videos_are_not_filled_up(label, split):
    assert not repeats_of_frames(3, source(label, split), PrepareConfig())
