"""Temperature and threshold, against independent fits, limits and properties."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from fakeloc_tf import metrics
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import FILE
from fakeloc_tf.training import calibration
from fakeloc_tf.training.rate_thresholds import WantedRates
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.temperature import BOUND, exact_nll, fit_temperature


def noisy(count, sharpness, seed=0):
    """Labels, and logits that are `sharpness` times the true log odds."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, count)
    return rng.random(count) < 1 / (1 + np.exp(-odds)), sharpness * odds


def alternating(count):
    """Labels 0, 1, 0, 1, … as in the synthetic records, and logits too sure of them."""
    label = np.arange(count) % 2
    return label, 3 * (label - 0.5 + np.random.default_rng(0).normal(0, 1, count))


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_the_temperature_is_that_of_a_logistic_regression(sharpness):
    label, logits = noisy(2000, sharpness)
    regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    slope = regression.fit(logits[:, None], label).coef_[0, 0]

    fitted = fit_temperature(label, logits)

    assert fitted.value == pytest.approx(1 / slope, rel=1e-4)
    assert fitted.value == pytest.approx(sharpness, rel=0.1)
    assert not fitted.at_bound


def test_nll_by_hand_and_for_logits_whose_probability_is_1():
    assert exact_nll([1, 0], [2.0, 2.0], 2.0) == pytest.approx(
        log_loss([1, 0], [1 / (1 + np.exp(-1))] * 2)
    )
    assert exact_nll([0], [90.0], 1.0) == pytest.approx(90.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.02, 50))
def test_a_fit_never_worsens_nll_and_keeps_auc(seed, sharpness):
    label, logits = noisy(60, sharpness, seed)
    label[:2] = 0, 1

    fitted = fit_temperature(label, logits)

    t = fitted.value
    assert 1 / BOUND <= t <= BOUND
    assert exact_nll(label, logits, t) <= exact_nll(label, logits, 1.0) + 1e-9
    for other in (0.9 * t, 1.1 * t):
        if 1 / BOUND <= other <= BOUND:
            assert exact_nll(label, logits, t) <= exact_nll(label, logits, other) + 1e-9
    assert roc_auc_score(label, logits / t) == roc_auc_score(label, logits)


def test_temperatures_stop_at_their_bounds():
    label = np.array([0, 0, 1, 1])

    assert fit_temperature(label, [-1, -2, 1, 2.0]).value == 1 / BOUND
    assert fit_temperature(label, [1, 2, -1, -2.0]).value == BOUND
    assert fit_temperature(label, [1, 2, -1, -2.0]).at_bound
    constant = fit_temperature(label, np.zeros(4))
    assert constant.value == 1.0 and not constant.at_bound


class Watched:
    """A validation pass whose outcome is known."""

    def __init__(self, label, logits):
        probability = metrics.scaled_probability(logits, 1.0)
        self.faces = {"target": label, "logit": logits, "probability": probability}

    def results(self):
        return {"val_loss": 1.0}


@pytest.fixture
def run(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.best_model.write_bytes(b"weights")
    return folder


def conclude(run, tmp_path, label, logits, fpr=0.05, faces=None, classes=None):
    wanted = WantedRates(fpr, 0.05)
    faces = faces or len(label)
    records = tmp_path / f"records{faces}"
    synthetic.write_records(records, {"val": faces}, size=4)
    facts = {"chosen_on": {"split": "val"}}
    watched = Watched(label, logits)
    data = SimpleNamespace(records=records, classes=classes)
    results = calibration.conclude(run, watched, data, wanted, facts)
    assert results["chosen_on"] == facts["chosen_on"]
    assert json.loads(run.metrics.read_text()) == results
    file = run.path / FILE
    return json.loads(file.read_text()) if file.exists() else None


def test_the_end_of_training_writes_what_was_fitted(run, tmp_path):
    label, logits = alternating(80)

    found = conclude(run, tmp_path, label, logits)

    assert found["temperature"] == fit_temperature(label, logits).value
    assert found["after"]["nll"] < found["before"]["nll"]
    assert found["faces"] == 80 and found["reals"] == 40 and found["fake_share"] == 0.5
    assert found["split"] == "val" and found["dataset"] == "synthetic"
    # A synthetic video has two reals: 20 of them just know a rate of 0.05.
    assert found["real_videos"] == 20 and found["fake_videos"] == 40
    assert found["warnings"] == []
    calibrated = metrics.scaled_probability(logits, found["temperature"])
    assert found["validation_threshold"] == metrics.balanced_threshold(
        label, calibrated
    )
    assert np.mean(calibrated[label == 0] >= found["fpr"]["threshold"]) <= 0.05
    assert np.mean(calibrated[label == 1] < found["fnr"]["threshold"]) <= 0.05
    assert 0 < found["fnr"]["threshold"] < found["fpr"]["threshold"]
    video = found["video"]
    assert video["reals"] == 20 and video["fakes"] == 40
    assert video["faces_per_video"] == pytest.approx(80 / 60)
    assert video["auc"][video["aggregation"]] == max(video["auc"].values())
    assert video["fpr"]["reached"] <= 0.05 and video["fnr"]["reached"] <= 0.05


def test_few_reals_leave_the_rate_out_and_few_faces_everything(run, tmp_path, caplog):
    label, logits = alternating(24)

    found = conclude(run, tmp_path, label, logits)

    assert found["fpr"] is None and found["fnr"] is None
    for said in ("12 real faces cannot show", "12 fake faces cannot", "6 real and 12"):
        assert said in caplog.text and said in " ".join(found["warnings"])
    assert len(found["warnings"]) == 3
    run.best_model.write_bytes(b"other weights")
    assert conclude(run, tmp_path, label[:8], logits[:8]) is None
    assert "best.keras is not calibrated" in caplog.text


def test_videos_are_those_of_the_chosen_methods(run, tmp_path):
    """Of 160 records the reals and the fakes of the first method are trained on."""
    index = np.arange(160)
    label = index[(index % 2 == 0) | (index // 2 % 4 == 0)] % 2
    logits = np.random.default_rng(0).normal(2.0 * label - 1.0)

    found = conclude(run, tmp_path, label, logits, faces=160, classes=(0, 1))

    assert found["faces"] == 100 and found["reals"] == 80
    assert found["real_videos"] == 40


def test_a_calibration_of_the_same_weights_is_kept(run, tmp_path):
    label, logits = alternating(80)
    first = conclude(run, tmp_path, label, logits, fpr=0.2)

    assert conclude(run, tmp_path, label, logits, fpr=0.05) == first

    run.best_model.write_bytes(b"other weights")
    assert conclude(run, tmp_path, label, logits, fpr=0.05) != first


@pytest.mark.parametrize(
    ("label", "logit", "said"),
    [(0, 1.0, "40 real and 0 fake"), (None, np.nan, "40 faces .* not finite")],
)
def test_what_cannot_be_calibrated_leaves_no_file(
    run, tmp_path, caplog, label, logit, said
):
    (run.path / FILE).write_text("of an earlier model")
    labels = np.arange(40) % 2 if label is None else np.full(40, label)

    assert conclude(run, tmp_path, labels, np.full(40, logit)) is None
    with pytest.raises(FakelocError, match=said):
        records = tmp_path / "records40"
        faces = calibration.ScoredFaces(labels, np.full(40, logit), records)
        calibration.fit_calibration(faces, run.best_model, WantedRates(0.05, 0.05))


def test_separable_faces_and_few_videos_are_told(run, tmp_path):
    label = np.arange(40) % 2

    found = conclude(run, tmp_path, label, np.where(label, 3.0, -3.0) + label, fpr=0.06)

    assert found["at_bound"] and found["temperature"] == 1 / BOUND
    wanted, reals, few, videos = found["warnings"]
    assert "1/10" in wanted and "reals are of 10 videos" in reals
    assert "10 real and 20 fake videos are too few to choose" in few
    assert "10 real videos cannot show" in videos
    # What separates the classes separates the verdicts: nothing is unsure.
    assert found["fnr"]["threshold"] == found["fpr"]["threshold"]
    assert found["fnr"]["reached"] == 0.0
