"""Scores of a track, by hand and as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf import metrics


def test_by_hand():
    p = [0.2, 0.9, 0.5, 0.5, 0.8]

    assert next(iter(metrics.AGGREGATIONS)) == "mean"
    assert metrics.aggregate("mean", p) == pytest.approx(2.9 / 5)
    assert metrics.aggregate("median", p) == 0.5
    # A quarter of five is two, rounded up.
    assert metrics.aggregate("highest_quarter", p) == pytest.approx(0.85)
    # Odds 1/4 · 9 · 1 · 1 · 4 = 9, of which the fifth root is the mean's.
    assert metrics.aggregate("logit_mean", p) == pytest.approx(1 / (1 + 9 ** (-1 / 5)))


@pytest.mark.parametrize("name", metrics.AGGREGATIONS)
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.randoms())
def test_scores_lie_within_the_frames_and_do_not_know_their_order(name, p, random):
    score = metrics.aggregate(name, p)

    assert min(p) - 1e-12 <= score <= max(p) + 1e-12
    shuffled = random.sample(p, len(p))
    assert metrics.aggregate(name, shuffled) == pytest.approx(score, abs=1e-12)
    # A longer video of the same kind has the same score.
    assert metrics.aggregate(name, p * 4) == pytest.approx(
        metrics.aggregate(name, p * 8), abs=1e-12
    )


def test_one_sure_frame_does_not_outweigh_all_others():
    p = [0.01] * 20 + [1.0]

    assert metrics.aggregate("logit_mean", p) < 0.05


def test_unknown_names_and_no_frames_are_refused():
    with pytest.raises(ValueError, match="median.*Received: mode"):
        metrics.aggregate("mode", [0.5])
    with pytest.raises(ValueError, match="no frames"):
        metrics.aggregate("mean", np.zeros(0))
    assert {metrics.aggregation_words(name) for name in metrics.AGGREGATIONS}
