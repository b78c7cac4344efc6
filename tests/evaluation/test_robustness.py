"""`fakeloc robustness`, run as a user runs it."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import synthetic
import tensorflow as tf
import toy_run

from fakeloc_tf import cli, evaluate
from fakeloc_tf.evaluation.robustness import corruptions, faces, summary
from fakeloc_tf.evaluation.robustness import run as robustness_run
from fakeloc_tf.evaluation.robustness.results import KeptResults, hash_sources
from fakeloc_tf.inference.detector import Detector


@pytest.fixture
def call(run, folder):
    def called(out, *options):
        arguments = ["--run", run, "--data", folder, "--out", out, *options]
        return cli.main(["robustness", *map(str, arguments)])

    return called


@pytest.fixture(scope="module")
def out(run, folder, tmp_path_factory):
    """Two corruptions, two levels each, undisturbed."""
    out = tmp_path_factory.mktemp("robustness") / "out"
    arguments = ["--run", run, "--data", folder, "--out", out, *TWO]
    assert cli.main(["robustness", *map(str, arguments)]) == 0
    return out


TWO = ("--corruptions", "noise,colour", "--levels", "1,5", "--batch-size", "3")
ONE = ("--corruptions", "colour", "--levels", "5")


@pytest.fixture
def scored(monkeypatch):
    """How many levels have been scored; `stop_at` interrupts."""

    class Scored:
        levels = 0
        stop_at = None

    evaluate_model = robustness_run.evaluate_model

    def counted(*arguments, **options):
        Scored.levels += 1
        if Scored.levels == Scored.stop_at:
            raise KeyboardInterrupt
        return evaluate_model(*arguments, **options)

    monkeypatch.setattr(robustness_run, "evaluate_model", counted)
    return Scored


def test_a_row_a_level_with_what_a_loop_finds(run, folder, out):
    table = pd.read_csv(out / "robustness.csv")
    assert list(table["corruption"]) == ["none", *["noise"] * 2, *["colour"] * 2]
    assert list(table["level"]) == [0, 1, 5, 1, 5]
    assert list(table["parameter"].dropna()) == [2, 40, 0.8, 0]
    detector = Detector(run)
    images = [synthetic.synthetic_face(i, "test", 72).image_uint8 for i in range(8)]
    noise = corruptions.CORRUPTIONS["noise"]
    for amount, row in ((None, 0), (2, 1), (40, 2)):
        seen = [
            image
            if amount is None
            else corruptions.corrupt(
                tf.constant(image),
                tf.random.fold_in(
                    tf.constant([faces.SEED, 0], tf.int64),
                    tf.constant(number, tf.int64),
                ),
                noise,
                amount,
            ).numpy()
            for number, image in enumerate(images)
        ]
        scores = detector.detect_faces(np.stack(seen))
        # The odd ones are fakes.
        wins = scores.probability[1::2, None] > scores.probability[None, ::2]
        assert table["frame_auc"][row] == pytest.approx(wins.mean(), abs=1e-6)
        alarms = scores.probability[::2] >= toy_run.THRESHOLD
        name = "frame_false_positive_rate_at_validation_threshold"
        assert table[name][row] == alarms.mean()
        marked = (scores.localization[::2] >= 0.5).mean()
        assert table["predicted_fraction_reals"][row] == pytest.approx(marked, abs=1e-3)
    assert table["fixed_mask_iou_image_fakes"].nunique() == 1


def test_untouched_faces_have_the_metrics_of_evaluate(run, folder, out, tmp_path):
    arguments = ["--run", run, "--data", folder, "--out", tmp_path, "--batch-size", 3]
    assert evaluate.main(list(map(str, arguments))) == 0
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    clean = pd.read_csv(out / "robustness.csv").iloc[0]
    for name in summary.MEASURES:
        assert clean[name] == pytest.approx(metrics[name]), name


def test_table_means_and_curves_are_written(out):
    result = json.loads((out / "robustness.json").read_text())
    assert result["faces"] == result["faces_in_split"] == 8
    assert set(result["corruptions"]) == {"noise", "colour"}
    assert len(result["model_sha256"]) == 64
    levels = pd.read_csv(out / "robustness.csv")
    means = result["mean_corruption"]
    assert means["mean_corruption_frame_auc"] == pytest.approx(
        levels["frame_auc"][1:].mean()
    )
    text = (out / "robustness.md").read_text()
    assert "| Gaussian noise | 5 | 40 |" in text and "all 8 faces" in text
    assert (out / "robustness.png").read_bytes().startswith(b"\x89PNG")
    assert b"Gaussian noise" in (out / "robustness.svg").read_bytes()


def test_a_stopped_call_goes_on_and_ends_as_if_it_had_not_been(
    call, out, scored, tmp_path, capsys
):
    scored.stop_at = 4
    assert call(tmp_path, *TWO) == 130
    assert not (tmp_path / "robustness.csv").exists()
    scored.stop_at = None
    assert call(tmp_path, *TWO) == 0
    assert scored.levels == 3 + 1 + 2  # done, interrupted, the rest
    assert "3 of 5 levels were there before" in capsys.readouterr().out
    for name in ("csv", "json", "md", "png", "svg"):
        undisturbed = (out / f"robustness.{name}").read_bytes()
        assert (tmp_path / f"robustness.{name}").read_bytes() == undisturbed


def test_other_faces_do_not_take_results_that_are_there(call, scored, tmp_path, capsys):
    for limit, levels in ((4, 2), (6, 4)):
        assert call(tmp_path, *ONE, "--limit", limit) == 0
        assert scored.levels == levels
        said = capsys.readouterr().out
        assert f"{limit} of 8 faces, evenly spread" in said
    assert "not used: predictions-" in said


def test_results_belong_to_model_config_records_faces_and_fixed_mask(
    run, folder, tmp_path
):
    shutil.copytree(run, tmp_path / "run")
    shutil.copytree(folder, tmp_path / "records")
    chosen, mask = np.ones(8, bool), np.zeros((4, 4), bool)

    def fingerprint():
        sources = hash_sources(
            tmp_path / "run", tmp_path / "records", "test", chosen, mask
        )
        return KeptResults(tmp_path, sources).fingerprint

    seen = [fingerprint()]
    for path in ("run/best.keras", "run/config.yaml", "records/dataset.json"):
        with (tmp_path / path).open("ab") as file:
            file.write(b" ")
        seen.append(fingerprint())
    # Another temperature gives other probabilities.
    (tmp_path / "run" / "calibration.json").write_text("{}")
    seen.append(fingerprint())
    (shard,) = (tmp_path / "records").glob("test-*")
    data = shard.read_bytes()
    shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    seen.append(fingerprint())
    for array in (chosen, mask):
        array.flat[0] ^= True
        seen.append(fingerprint())
    assert len(set(seen)) == 8


def test_what_cannot_be_made_is_skipped_and_said(call, monkeypatch, tmp_path, capsys):
    h264 = dataclasses.replace(corruptions.CORRUPTIONS["h264"], encoder="no-such")
    monkeypatch.setitem(corruptions.CORRUPTIONS, "h264", h264)
    options = ("--levels", "5", "--limit", 4, "--corruptions")
    assert call(tmp_path, *options, "h264,colour") == 1
    assert "skipped h264: PyAV was built without" in capsys.readouterr().out
    assert "h264" in json.loads((tmp_path / "robustness.json").read_text())["skipped"]
    assert call(tmp_path, *options, "h264") == 2
    assert "no-such" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--corruptions", "jpeg,rain", "rain is not known; choose from jpeg, h264"),
        ("--corruptions", ",", "nothing is not known"),
        ("--levels", "6", "6 is not known; choose from 1, 2, 3, 4, 5"),
        ("--levels", "mild", "'mild' is no list of numbers"),
    ],
)
def test_a_wrong_name_is_named_with_the_right_ones(
    call, tmp_path, capsys, option, value, words
):
    assert call(tmp_path, option, value) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_without_masks_has_a_row_of_curves_less(folder, tmp_path):
    run = toy_run.make_run(
        tmp_path / "run", f"data.records={folder}", "model.heads=[noise]"
    )
    out = tmp_path / "out"
    arguments = ["--run", run, "--data", folder, "--out", out, *ONE]
    assert cli.main(["robustness", *map(str, arguments)]) == 0
    means = json.loads((out / "robustness.json").read_text())["mean_corruption"]
    assert means["mean_corruption_iou_image_fakes"] is None
    assert means["mean_corruption_frame_auc"] is not None


def test_records_of_another_preparation_are_refused_or_said(
    run, folder, tmp_path, capsys
):
    shutil.copytree(folder, tmp_path / "records")
    info = json.loads((tmp_path / "records" / "dataset.json").read_text())
    info["prepare"]["margin"] = 1.9
    (tmp_path / "records" / "dataset.json").write_text(json.dumps(info))
    arguments = ["robustness", "--run", str(run), "--data", str(tmp_path / "records")]
    arguments += ["--out", str(tmp_path / "out"), *ONE]
    assert cli.main(arguments) == 2
    assert "margin=1.9" in capsys.readouterr().err
    assert cli.main([*arguments, "--allow-other-preparation"]) == 0
    written = json.loads((tmp_path / "out" / "robustness.json").read_text())
    assert written["protocol"]["other_preparation"]["margin"][1] == 1.9
