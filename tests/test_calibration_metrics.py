"""Calibration errors against cases by hand and scikit-learn."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from fakeloc_tf import metrics


@pytest.fixture
def faces():
    """Labels and float32 probabilities with saturated ones and some on bin edges."""
    rng = np.random.default_rng(0)
    probability = rng.beta(0.4, 0.5, 500)
    probability[:40] = rng.integers(0, 16, 40) / 15
    return rng.random(500) < 0.6, probability.astype(np.float32)


def test_errors_by_hand():
    label, probability = [1, 0, 1, 1], [0.9, 0.8, 0.2, 0.3]

    # Two bins: (0.2, 0.3), two fakes, gap 0.75; (0.9, 0.8), one fake, gap 0.35.
    ece = metrics.expected_calibration_error(label, probability, bins=2)
    assert ece == pytest.approx((2 * 0.75 + 2 * 0.35) / 4)
    wanted = (0.01 + 0.64 + 0.64 + 0.49) / 4
    assert metrics.brier_score(label, probability) == pytest.approx(wanted)
    wanted = -np.log([0.9, 0.2, 0.2, 0.3]).mean()
    assert metrics.log_loss(label, probability) == pytest.approx(wanted)


def test_a_bin_holds_its_upper_edge():
    bins = metrics.reliability_bins([0, 1, 1, 1], [0.0, 0.5, 0.51, 1.0], bins=2)

    np.testing.assert_array_equal(bins.counts, [2, 2])
    np.testing.assert_allclose(bins.probability, [0.25, 0.755])
    np.testing.assert_allclose(bins.fake_share, [0.5, 1.0])


def test_errors_are_those_of_scikit_learn(faces):
    label, probability = faces
    share, mean = calibration_curve(label, probability.astype(np.float64), n_bins=15)

    bins = metrics.reliability_bins(label, probability)

    filled = bins.counts > 0
    np.testing.assert_allclose(bins.fake_share[filled], share)
    np.testing.assert_allclose(bins.probability[filled], mean)
    wanted = (np.abs(share - mean) * bins.counts[filled]).sum() / len(label)
    found = metrics.calibration_errors(label, probability)
    assert found["ece"] == pytest.approx(wanted)
    assert found["brier"] == pytest.approx(brier_score_loss(label, probability))
    assert found["nll"] == pytest.approx(sklearn_log_loss(label, probability), rel=1e-5)
    assert np.isfinite(found["nll"]) and probability.max() == 1.0


def test_perfect_and_worst_predictions():
    label = np.array([0, 1, 1])

    best, worst = (metrics.calibration_errors(label, p) for p in (label, 1 - label))

    assert best["ece"] == best["brier"] == 0.0
    assert best["nll"] == pytest.approx(0, abs=1e-6)
    assert worst["ece"] == worst["brier"] == 1.0


def test_without_faces_errors_are_undefined():
    assert np.isnan(list(metrics.calibration_errors([], []).values())).all()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_a_temperature_can_be_taken_back(temperature):
    logits = np.linspace(-4, 4, 41)

    scaled = metrics.scaled_probability(logits, temperature)
    back = metrics.rescaled_probability(scaled, temperature)

    np.testing.assert_allclose(
        scaled, 1 / (1 + np.exp(-logits / temperature)), rtol=1e-6
    )
    np.testing.assert_allclose(back, 1 / (1 + np.exp(-logits)), atol=0.01)
    assert np.isfinite(metrics.rescaled_probability([0.0, 1.0], temperature)).all()


@pytest.mark.parametrize("probability", [[0.5], [0.5, np.nan], [0.5, 1.1]])
def test_what_is_no_probability_is_refused(probability):
    with pytest.raises(ValueError, match="Received: 2 labels"):
        metrics.brier_score([0, 1], probability)
