"""Weighted metrics against scikit-learn and loops over rows that are repeated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import metrics as reference
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from fakeloc_tf import metrics

SCORES = st.sampled_from([0.0, 0.2, 0.2 + 1e-9, 0.5, 0.7, 1.0])
ROWS = st.lists(st.tuples(st.booleans(), SCORES, st.integers(0, 2)), max_size=14)


def arrays(rows):
    """Labels, scores and groups, with both classes in every group."""
    both = [(label, 0.5, group) for label in (True, False) for group in range(3)]
    return map(np.array, zip(*rows, *both, strict=True))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any))
def test_a_weight_is_a_repetition(rows, weights):
    labels, scores, groups = arrays(rows)
    times = np.array(weights)[groups]
    again = labels.repeat(times), scores.repeat(times)

    found = metrics.rank_metrics(
        labels, scores, groups, np.array([[1, 1, 1], weights], np.uint16)
    )

    one = metrics.rank_metrics(*again)
    for name in ("auc", "eer", "ap"):
        assert found[name][1] == pytest.approx(one[name][0], abs=1e-12), name
    assert found["auc"][1] == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=times)
    )
    assert found["ap"][1] == pytest.approx(
        average_precision_score(labels, scores, sample_weight=times)
    )
    assert found["auc"][0] == pytest.approx(reference.auc(labels, scores))
    assert found["eer"][1] == pytest.approx(reference.eer(*again))


@pytest.mark.parametrize("reals", [10, 30, 70, 128])
def test_true_positive_rate_is_the_highest_at_no_more_false_alarms(reals):
    rng = np.random.default_rng(reals)
    labels = np.repeat([0, 1], [reals, 60])
    # Rounded, for ties.
    scores = np.round(rng.normal(labels, 0.8), 1)

    found = metrics.rank_metrics(labels, scores)

    false, true, _ = roc_curve(labels, scores, drop_intermediate=False)
    for rate in (0.1, 0.01):
        value = found[f"tpr_at_fpr_{rate}"][0]
        if reals * rate < 1:
            assert np.isnan(value)
            continue
        assert value == pytest.approx(true[false <= rate].max())
        assert value == pytest.approx(reference.tpr_at_fpr(labels, scores, rate))
    assert np.isnan(found["tpr_at_fpr_0.001"][0])


def test_one_false_alarm_in_a_thousand_by_hand():
    labels = np.repeat([0, 1], [1000, 4])
    scores = np.concatenate([np.linspace(0, 0.5, 999), [0.8], [0.9, 0.85, 0.7, 0.4]])

    found = metrics.rank_metrics(labels, scores)

    # The real face at 0.8 is the one that is allowed; 0.5 would be the second.
    assert found["tpr_at_fpr_0.001"][0] == 3 / 4
    more = np.append(labels[:999], labels[1000:]), np.delete(scores, 0)
    assert np.isnan(metrics.rank_metrics(*more)["tpr_at_fpr_0.001"][0])


def test_scores_that_only_order_matters_of():
    labels = np.array([0, 1, 0, 1, 1])
    scores = np.array([0.1, 0.3, 0.4, 0.5, 0.9])

    plain = metrics.rank_metrics(labels, scores)

    for name, value in metrics.rank_metrics(labels, scores**3).items():
        np.testing.assert_array_equal(value, plain[name])


def test_a_class_that_is_missing_or_weighs_nothing():
    labels, scores = np.array([0, 1]), np.array([0.2, 0.9])
    weights = np.array([[1, 1], [1, 0], [0, 0], [2, 1]], np.uint16)

    auc = metrics.rank_metrics(labels, scores, np.array([0, 1]), weights)["auc"]

    np.testing.assert_array_equal(auc, [1, np.nan, np.nan, 1])
    assert np.isnan(metrics.rank_metrics(labels[:1], scores[:1])["auc"]).all()
    assert np.isnan(metrics.rank_metrics(labels[:0], scores[:0])["eer"]).all()
