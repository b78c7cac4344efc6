"""Thresholds for wanted rates, by hand, against limits and properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training.rate_thresholds import (
    WantedRates,
    rate_threshold,
    rate_thresholds,
)


def threshold(label, scores, videos, wanted):
    return rate_threshold(label, scores, videos, wanted, "fpr")


def reals(*scores):
    return np.zeros(len(scores), bool), np.array(scores), np.arange(len(scores))


def test_the_threshold_by_hand():
    label, scores, videos = reals(*np.arange(20) / 20)

    chosen = threshold(label, scores, videos, 0.1)

    assert chosen.threshold == pytest.approx((0.85 + 0.9) / 2)
    assert chosen.reached == 0.1
    low, high = beta.ppf(0.025, 2, 19), beta.ppf(0.975, 3, 18)
    assert chosen.interval_faces == pytest.approx((low, high))
    assert chosen.interval_videos == chosen.interval_faces


def test_fakes_do_not_count_but_bound_the_threshold():
    label, scores, videos = reals(*np.arange(20) / 20)
    label, scores = np.append(label, [True] * 3), np.append(scores, [0.87, 0.0, 1.0])

    chosen = threshold(label, scores, np.append(videos, [7, 8, 9]), 0.1)

    assert chosen.threshold == pytest.approx((0.85 + 0.87) / 2)
    assert chosen.reached == 0.1


def test_equal_reals_are_all_kept_below():
    label, scores, videos = reals(*[0.1] * 15, *[0.9] * 5)

    chosen = threshold(label, scores, videos, 0.1)

    assert chosen.threshold == pytest.approx(0.95) and chosen.reached == 0.0
    with pytest.raises(FakelocError, match="have probability 1"):
        threshold(*reals(*[0.1] * 15, *[1.0] * 5), 0.1)


def test_faces_of_one_video_widen_the_interval():
    label, scores, _ = reals(*np.arange(100) / 100)

    chosen = threshold(label, scores, np.arange(100) // 20, 0.2)

    assert chosen.interval_videos == pytest.approx(
        (beta.ppf(0.025, 1, 5), beta.ppf(0.975, 2, 4))
    )
    assert np.ptp(chosen.interval_videos) > 3 * np.ptp(chosen.interval_faces)


@pytest.mark.parametrize(("wanted", "needed"), [(0.05, 20), (0.01, 100), (0.03, 34)])
def test_too_few_reals_cannot_show_a_rate(wanted, needed):
    scores = np.linspace(0, 0.9, needed)

    assert threshold(*reals(*scores), wanted).reached == pytest.approx(1 / needed)
    with pytest.raises(FakelocError, match=f"{needed - 1} real .* needs {needed}"):
        threshold(*reals(*scores[1:]), wanted)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=20, max_size=60),
    st.lists(st.integers(0, 10), max_size=20),
    st.floats(0.05, 0.9),
)
def test_no_threshold_takes_more_reals_than_wanted_or_could_be_lower(
    real, fake, wanted
):
    scores = np.array(real + fake) / 10
    label = np.arange(len(scores)) >= len(real)

    chosen = threshold(label, scores, np.arange(len(scores)), wanted)

    rate = np.mean(scores[~label] >= chosen.threshold)
    # Rounding of wanted × count is forgiven: 0.8999999999999999 is 9 of 10.
    assert rate == chosen.reached <= wanted + 1e-9
    lower = scores[scores < chosen.threshold].max()
    assert np.mean(scores[~label] >= lower) > wanted


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 9), min_size=20, max_size=60),
    st.lists(st.integers(0, 10), max_size=20),
    st.floats(0.05, 0.9),
)
def test_the_fakes_side_is_the_reals_side_turned_around(real, fake, wanted):
    scores = np.array(real + fake) / 16  # exact in binary, and so is 1 minus it
    label = np.arange(len(scores)) >= len(real)
    videos = np.arange(len(scores)) // 3

    above = rate_threshold(label, scores, videos, wanted, "fpr")
    below = rate_threshold(~label, 1 - scores, videos, wanted, "fnr")

    assert below.threshold == 1 - above.threshold
    assert below.model_copy(update={"threshold": above.threshold}) == above


def test_fakes_that_no_threshold_spares_and_too_few_of_them_are_told():
    label = np.ones(20, bool)
    zeros = np.repeat([0.0, 0.9], [5, 15])
    with pytest.raises(FakelocError, match="20 fake faces have probability 0"):
        rate_threshold(label, zeros, np.arange(20), 0.1, "fnr")
    with pytest.raises(FakelocError, match="20 fake videos .* false-negative .* 100"):
        rate_threshold(label, zeros, np.arange(20), 0.01, "fnr", rows="videos")


def overlapping(gap):
    """20 reals from 0 on, 20 fakes from `gap` on, a hundredth apart."""
    real = np.arange(20) / 100
    return np.repeat([0, 1], 20), np.append(real, real + gap), np.arange(40)


def test_between_two_thresholds_nothing_is_sure():
    label, scores, videos = overlapping(0.1)

    found = rate_thresholds(label, scores, videos, WantedRates(0.1, 0.05), 0.5)

    # 2 of 20 reals are 0.18 and 0.19, 1 of 20 fakes is 0.10.
    assert found.fpr.threshold == pytest.approx(0.175) and found.fpr.reached == 0.1
    assert found.fnr.threshold == pytest.approx(0.105) and found.fnr.reached == 0.05
    assert found.missing == ()


def test_sides_that_cross_meet_at_the_manipulated_one():
    label, scores, videos = overlapping(0.5)

    found = rate_thresholds(label, scores, videos, WantedRates(0.05, 0.1), 0.9)

    assert found.fpr.threshold == found.fnr.threshold == pytest.approx(0.185)
    assert found.fpr.reached == 0.05
    # Wanted were 10 %, but none of the fakes is below.
    assert found.fnr.wanted == 0.1 and found.fnr.reached == 0.0
    assert found.fnr.interval_faces == pytest.approx((0, beta.ppf(0.975, 1, 20)))


def test_without_a_rate_of_reals_the_given_threshold_is_the_bound():
    label, scores, videos = overlapping(0.5)

    found = rate_thresholds(label, scores, videos, WantedRates(None, 0.1), 0.3)

    assert found.fpr is None and found.fnr.threshold == 0.3 and found.missing == ()


def test_what_cannot_be_shown_is_said_unless_it_is_required():
    data = overlapping(0.1)

    found = rate_thresholds(*data, WantedRates(0.01, 0.01, ()), 0.5)

    assert found.fpr is None and found.fnr is None
    assert ["20 real" in found.missing[0], "20 fake" in found.missing[1]] == [1, 1]
    assert rate_thresholds(*data, WantedRates(0.01, 0.1, ["fnr"]), 0.5).fnr is not None
    for side in ("fpr", "fnr"):
        with pytest.raises(FakelocError, match="take more validation faces"):
            rate_thresholds(*data, WantedRates(0.01, 0.01, [side]), 0.5)
