"""The bootstrap over videos against rows that are repeated one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import made_up_predictions

from fakeloc_tf.evaluation.bootstrap import Sample, draw_videos, intervals
from fakeloc_tf.evaluation.summary import (
    VIDEO_KEY,
    by_video,
    detection,
    samples,
    summarise,
)


@pytest.fixture(scope="module")
def rows():
    return made_up_predictions()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=30), st.integers(0, 9))
def test_every_stratum_keeps_its_number_of_videos(strata, seed):
    strata = np.array(strata)

    weights = draw_videos(strata, 5, seed)

    np.testing.assert_array_equal(weights[0], 1)
    for stratum in np.unique(strata):
        members = strata == stratum
        np.testing.assert_array_equal(weights[:, members].sum(1), members.sum())


def test_a_resample_is_the_metric_of_videos_that_are_repeated(rows):
    """Each drawn copy of a video becomes a video of its own, with all of its frames."""
    frames, videos = samples(rows, 4, seed=1)
    keys = by_video(rows)[VIDEO_KEY]
    index = 3
    copies = [
        rows[(rows[VIDEO_KEY] == key).all(axis=1)].assign(video_id=f"{number}-{copy}")
        for number, key in keys.iterrows()
        for copy in range(frames.weights[index][number])
    ]
    assert (frames.weights[index] > 1).any() and (frames.weights[index] == 0).any()
    wanted = summarise(pd.concat(copies), 0.4, resamples=0)

    for level, sample in (("frame", frames), ("video", videos)):
        for name, values in detection(sample, 0.4).items():
            expected = wanted[f"{level}_{name}"]
            expected = np.nan if expected is None else expected
            assert values[index] == pytest.approx(expected, nan_ok=True), name


def test_the_metric_does_not_depend_on_the_draws(rows):
    shuffled = rows.sample(frac=1, random_state=0)
    some = summarise(rows, 0.4, resamples=20, seed=3)

    plain = summarise(rows, 0.4, resamples=0)
    assert plain["intervals"] == {}
    for name in plain:
        if name not in ("intervals", "bootstrap_resamples", "bootstrap_seed"):
            assert some[name] == pytest.approx(plain[name]), name
    again = summarise(shuffled, 0.4, resamples=20, seed=3)
    assert again["intervals"].keys() == some["intervals"].keys()
    for name, ends in again["intervals"].items():
        assert ends == pytest.approx(some["intervals"][name]), name
    assert summarise(rows, 0.4, resamples=20, seed=4)["intervals"] != some["intervals"]


def test_intervals_hold_their_metrics_and_know_the_names(rows):
    result = summarise(rows, 0.4, resamples=300)

    found = result["intervals"]
    for name in (
        *("frame_auc", "video_auc", "frame_eer", "video_ap"),
        *("frame_accuracy_at_validation_threshold", "video_macro_recall_at_0.5"),
        *("iou_image_fakes", "fixed_mask_iou_image_fakes", "gain_iou_image_fakes"),
    ):
        low, high = found[name]
        assert low < result[name] < high, name
    assert set(found) <= set(result)


def test_frames_of_a_video_are_no_independent_trials():
    """A hundred copies of each frame tell no more than one does."""
    rows = made_up_predictions(frames=1)
    many = pd.concat([rows.assign(frame=number) for number in range(100)])

    one, hundred = (summarise(r, resamples=100)["intervals"] for r in (rows, many))

    for name in ("frame_auc", "iou_image_fakes", "frame_accuracy_at_0.5"):
        assert hundred[name] == pytest.approx(one[name]), name


def test_interval_of_a_mean_is_that_of_the_theory():
    rng = np.random.default_rng(0)
    values = rng.normal(5, 2, 400)
    weights = draw_videos(np.zeros(400, int), 2000, seed=0)
    sample = Sample(pd.DataFrame({"value": values}), np.arange(400), weights)

    means = sample.means({"mean": (values, np.ones(400, bool))})

    low, high = intervals(means, weights)["mean"]
    half = 1.96 * values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - half, abs=0.03)
    assert high == pytest.approx(values.mean() + half, abs=0.03)


def test_videos_that_are_alone_have_no_interval(rows):
    alone = rows.groupby("method").head(1)

    assert summarise(alone, resamples=10)["intervals"] == {}
