"""Calibrate, evaluate, detect and export: one calibrated probability."""

import json
import shutil
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import synthetic
import tensorflow as tf
import toy_run

from fakeloc_tf import calibrate, cli, evaluate, export
from fakeloc_tf.data import dataset, targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.media.images import decode_png
from fakeloc_tf.models import detector
from fakeloc_tf.models.calibration import FILE, read_calibration
from fakeloc_tf.models.scorer import load_run
from fakeloc_tf.serving.exports import verify
from fakeloc_tf.training.temperature import fit_temperature


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "records"
    return synthetic.write_records(folder, {"train": 16, "val": 48, "test": 24})


@pytest.fixture(scope="module")
def run(records, tmp_path_factory):
    """A toy run that was calibrated for a rate of its own."""
    run = tmp_path_factory.mktemp("runs") / "calibrated"
    toy_run.make_run(run, f"data.records={records}")
    call = ["--run", run, "--data", records, "--fpr", "0.2", "--fnr", "0.1"]
    call += ["--batch-size", "5"]
    assert cli.main(["calibrate", *map(str, call)]) == 0
    return run


@pytest.fixture(scope="module")
def images(records):
    faces = dataset.load_split(records, "test")
    return tf.stack([targets.model_input(face["image"], 64) for face in faces])


@pytest.fixture(scope="module")
def wanted(run, images):
    """sigmoid(logit / T), by NumPy from the detector's own logits."""
    temperature = json.loads((run / FILE).read_text())["temperature"]
    model = detector.load_detector(run / "best.keras")
    logits = model(images, training=False)["label"].numpy()[:, 0].astype(np.float64)
    assert abs(temperature - 1) > 0.01 and np.ptp(logits) > 0.01
    return 1 / (1 + np.exp(-logits / temperature))


@pytest.fixture(scope="module")
def evaluated(run, records, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation")
    assert (
        evaluate.main(["--run", str(run), "--data", str(records), f"--out={out}"]) == 0
    )
    return out


def test_the_fit_is_of_the_detectors_own_logits(run, records):
    faces = list(dataset.load_split(records, "val"))
    images = tf.stack([targets.model_input(face["image"], 64) for face in faces])
    label = np.array([int(face["label"]) for face in faces])
    model = detector.load_detector(run / "best.keras")
    logits = model(images, training=False)["label"].numpy()[:, 0]

    stored = read_calibration(run)

    assert stored.temperature == pytest.approx(
        fit_temperature(label, logits).value, rel=1e-4
    )
    assert stored.after.nll <= stored.before.nll
    assert stored.faces == 48 and stored.real_videos == 12


def test_evaluation_and_detection_use_it(run, evaluated, images, wanted):
    rows = pd.read_parquet(evaluated / "predictions.parquet")
    score, info = load_model(run)

    np.testing.assert_allclose(rows["probability"], wanted, atol=1e-5)
    np.testing.assert_allclose(score(images)["probability"][:, 0], wanted, atol=1e-5)
    stored = read_calibration(run)
    assert info.threshold == stored.fpr.threshold
    assert info.false_positive_rate == 0.2 and info.temperature == stored.temperature
    assert "at most 20.00% of real faces" in info.threshold_source
    assert "48 faces, 50% of them fake" in info.calibration_source
    assert info.real_threshold == stored.fnr.threshold <= info.threshold
    assert info.false_negative_rate == 0.1 and info.aggregation == "mean"
    assert set(info.rates) > {"face_manipulated", "face_real"}
    assert info.with_threshold(0.5).false_positive_rate is None


def test_the_export_has_it_inside(run, images, wanted, tmp_path, monkeypatch):
    # The proof in a fresh process takes long, and has its own tests.
    monkeypatch.setattr(verify, "differences_from_keras", lambda *_: {})
    out = tmp_path / "served" / "1"
    assert export.main(["--run", str(run), "--out", str(out)]) == 0

    score, info = load_model(out)

    np.testing.assert_allclose(score(images)["probability"][:, 0], wanted, atol=1e-5)
    assert info == load_model(run)[1]


def test_evaluation_has_the_errors_before_and_after(run, evaluated):
    found = json.loads((evaluated / "metrics.json").read_text())
    rows = pd.read_parquet(evaluated / "predictions.parquet")
    stored = read_calibration(run)

    p, label = rows["probability"].astype(float), rows["label"]
    assert found["frame_brier"] == pytest.approx(((p - label) ** 2).mean())
    before = 1 / (1 + (1 / p - 1) ** stored.temperature)
    brier = ((before - label) ** 2).mean()
    assert found["frame_brier_uncalibrated"] == pytest.approx(brier, abs=1e-5)
    assert {f"frame_{n}{e}" for n in ("nll", "ece") for e in ("", "_uncalibrated")} < (
        set(found)
    )
    assert found["validation_threshold"] == stored.validation_threshold
    assert found["fpr_threshold"] == stored.fpr.threshold
    rate = (p[label == 0] >= stored.fpr.threshold).mean()
    assert found["frame_fpr_at_fpr_threshold"] == pytest.approx(rate)
    missed = (p[label == 1] < stored.fnr.threshold).mean()
    assert found["frame_fnr_at_fnr_threshold"] == pytest.approx(missed)
    for kind, manipulated, real in (
        ("reals", "fpr_at_fpr", "tnr_at_fnr"),
        ("fakes", "tpr_at_fpr", "fnr_at_fnr"),
    ):
        shares = [found[f"frame_{name}_threshold"] for name in (manipulated, real)]
        assert sum(shares) + found[f"frame_not_sure_{kind}"] == pytest.approx(1)


def test_the_diagram_is_a_picture_and_a_drawing(evaluated):
    picture = decode_png((evaluated / "reliability.png").read_bytes())
    assert picture.shape[1] > picture.shape[0] > 300 and picture.std() > 10
    assert ET.parse(evaluated / "reliability.svg").getroot().tag.endswith("svg")


def test_a_model_without_its_calibration_works_and_says_so(
    run, images, tmp_path, caplog
):
    for name in ("best.keras", "config.yaml"):
        shutil.copy(run / name, tmp_path)

    score, info = load_model(tmp_path / "best.keras")

    assert "best.keras is not calibrated" in caplog.text
    assert info.temperature == 1.0 and info.calibration_source is None
    logits = detector.load_detector(run / "best.keras")(images)["label"]
    # The graph fuses what runs one by one here: float32 differs in the sixth digit.
    np.testing.assert_allclose(
        score(images)["probability"], tf.sigmoid(logits), atol=1e-5
    )


def test_a_calibration_of_other_weights_is_refused(run, tmp_path):
    for name in ("best.keras", "config.yaml", FILE):
        shutil.copy(run / name, tmp_path)
    (tmp_path / FILE).write_text("{}")
    with pytest.raises(FakelocError, match="cannot be read"):
        load_run(tmp_path)
    shutil.copy(run / FILE, tmp_path)
    assert load_run(tmp_path)[2]["validation_threshold"] > 0
    other = toy_run.make_run(tmp_path / "other", "model.heads=[semantic]")
    shutil.copy(other / "best.keras", tmp_path)
    with pytest.raises(FakelocError, match="other weights .* `fakeloc calibrate`"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--split", "test"], "split 'test' is refused"),
        (["--split", "train"], "split 'train' is refused"),
        (["--fpr", "0.01"], "24 real faces cannot show a false-positive rate of 0.01"),
        (["--fnr", "0.01"], "24 fake faces cannot show a false-negative rate of 0.01"),
        (["--fpr", "1.5"], "--fpr"),
    ],
)
def test_wrong_calls_change_nothing(run, records, capsys, options, said):
    before = (run / FILE).read_bytes()

    call = ["--run", str(run), "--data", str(records), *options]

    assert calibrate.main(call) == 2
    assert said in capsys.readouterr().err
    assert (run / FILE).read_bytes() == before


def test_the_call_says_what_was_chosen(run, records, tmp_path, capsys):
    for name in ("best.keras", "config.yaml"):
        shutil.copy(run / name, tmp_path)

    call = ["--run", str(tmp_path), "--data", str(records), "--fpr", "0.1"]

    assert calibrate.main(call) == 0
    stored, said = read_calibration(tmp_path), capsys.readouterr().out
    assert f"likely manipulated from {stored.fpr.threshold:.4f}: at most 10.00%" in said
    assert f"likely real below {stored.fnr.threshold:.4f}: at most 5.00%" in said
    assert "videos: mean of the frames; 12 real and 24 fake videos of 1.3" in said
    assert "12 real and 24 fake videos are too few to choose" in said
