"""`fakeloc reproduce`, run as a user runs it, at toy size."""

import json
import shutil

import pandas as pd
import pytest
import synthetic
from stand_ins import Evaluation, Training

from fakeloc_tf import cli, config, reproduce
from fakeloc_tf.evaluation.paper import evaluations, reproduction, runs
from fakeloc_tf.evaluation.paper.tables import TABLES

TOY = (
    "model.image_size=64",
    "model.backbone.width=0.1",
    "model.backbone.weights=none",
    "training.strategy=one",
    "training.batch_size=8",
    "training.step1.epochs=1",
    "training.step2.epochs=1",
)


@pytest.fixture
def training(monkeypatch, nothing_to_free):
    """Runs in no time."""
    stand_in = Training()
    monkeypatch.setattr(runs, "start_training", stand_in)
    return stand_in


@pytest.fixture
def evaluation(monkeypatch, nothing_to_free):
    stand_in = Evaluation()
    monkeypatch.setattr(evaluations, "evaluate_run", stand_in)
    return stand_in


def call(tmp_path, *names, data=None, more=()):
    argv = [*names, f"--runs={tmp_path / 'runs'}", f"--out={tmp_path / 'out'}", *more]
    for name, folder in (data or {}).items():
        argv += ["--data", f"{name}={folder}"]
    for override in TOY:
        argv += ["--set", override]
    return reproduce.main(argv)


def test_tables_are_trained_made_and_not_made_again(
    records, tmp_path, training, evaluation, capsys
):
    data = {"c23": records}
    assert call(tmp_path, "table1", "table7", data=data, more=["--train"]) == 0
    said = capsys.readouterr().out
    assert "table7.md" in said and "Not made" not in said
    wanted = ["xception_c23", "noise_c23", "semantic_c23", "ours_c23"]
    assert training.names == wanted
    table = pd.read_csv(tmp_path / "out" / "table7.csv")
    assert list(table["detector"]) == [
        "Xception",
        "Xception + noise",
        "Xception + segmentation",
        "Xception + both, three taps",
    ]
    assert list(table["iou_image_fakes"].fillna(-1)) == [-1, -1, 0.75, 0.75]
    assert set(table["fixed_mask_iou_image_fakes"]) == {0.5}
    for name in wanted:
        assert config.load(tmp_path / "runs" / name / "config.yaml").passes == 2, name

    assert call(tmp_path, "table7", data=data) == 0
    assert training.names == wanted
    assert [run for run, _ in evaluation.calls] == wanted


def test_an_evaluation_is_made_again_for_another_model(
    records, tmp_path, training, evaluation
):
    data = {"c23": records}
    call(tmp_path, "table8", data=data, more=["--train"])
    before = len(evaluation.calls)
    (tmp_path / "runs" / "deep_c23" / "best.keras").write_bytes(b"another")
    call(tmp_path, "table8", data=data)
    assert evaluation.calls[before:] == [("deep_c23", records.name)]


def test_a_run_that_was_stopped_is_resumed(records, tmp_path, training, evaluation):
    data = {"c23": records}
    call(tmp_path, "table8", data=data, more=["--train"])
    (tmp_path / "runs" / "deep_c23" / "metrics.json").unlink()
    assert call(tmp_path, "table8", data=data, more=["--train"]) == 0
    assert training.names[3:] == ["deep_c23"]
    assert training.resumed == [False, False, False, True]


def test_missing_runs_are_named_with_the_command(
    records, tmp_path, training, evaluation, capsys
):
    data = {"c23": records}
    assert call(tmp_path, "table1", "table8", data=data) == 1
    said = capsys.readouterr().out
    assert "table8: not made" in said
    assert "deep_c23, middle_deep_c23, ours_c23" in said
    assert f"--data c23={records}" in said and "table8 --train" in said
    assert (tmp_path / "out" / "table1.md").is_file()
    assert not training.names


def test_what_cannot_be_trained_stops_nothing(records, tmp_path, evaluation, capsys):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "start_training", Training({"deep_c23"}))
        data = {"c23": records}
        assert call(tmp_path, "table8", data=data, more=["--train"]) == 1
    said = capsys.readouterr().out
    assert "table8: deep_c23: deep_c23 cannot be trained" in said
    table = pd.read_csv(tmp_path / "out" / "table8.csv")
    assert list(table["frame_auc"].isna()) == [True, False, False]
    assert "No run, therefore –: deep_c23" in (
        tmp_path / "out" / "table8.md"
    ).read_text("utf-8")


def test_all_goes_on_after_what_cannot_be_made(
    records, tmp_path, training, evaluation, monkeypatch, capsys
):
    kept = {name: TABLES[name] for name in ("table6", "table7", "table8")}
    monkeypatch.setattr(reproduction, "ITEMS", kept)
    call(tmp_path, "table7", "table8", data={"c23": records}, more=["--train"])
    capsys.readouterr()
    # The stand-ins write no model that Table VI could read.
    assert call(tmp_path, *kept, data={"c23": records}) == 1
    said = capsys.readouterr().out
    assert "table6: not made" in said and "best.keras" in said
    assert "table8.md" in said


def test_a_run_of_another_experiment_is_refused(
    records, tmp_path, training, evaluation, capsys
):
    data = {"c23": records}
    call(tmp_path, "table8", data=data, more=["--train"])
    folder = tmp_path / "runs"
    shutil.copy(folder / "ours_c23" / "config.yaml", folder / "deep_c23")
    assert call(tmp_path, "table8", data=data) == 1
    assert "is no run of the experiment deep" in capsys.readouterr().out


def test_cross_dataset_tests_on_celebdf(tmp_path, records, training, evaluation):
    celebdf = synthetic.write_records(tmp_path / "celebdf", {"test": 4})
    data = {"c23": records, "celebdf": celebdf}
    call(tmp_path, "table4", data=data, more=["--train"])
    table = pd.read_csv(tmp_path / "out" / "table4.csv").set_index("detector")
    row = table.loc["Detect and Locate"]
    assert row["AUC Deepfakes"] == 1.0
    # There Deepfakes, a quarter of the fakes, are all below the pristine faces.
    assert row["auc_celebdf"] == 0.75
    assert "Celeb-DF is left out" not in (tmp_path / "out" / "table4.md").read_text()
    found = config.load(tmp_path / "runs" / "deepfakes_c23" / "config.yaml")
    assert found.data.methods == ("Deepfakes",)


def test_wrong_calls_are_explained(records, tmp_path, capsys):
    for argv, said in (
        (["table9"], "nothing is called 'table9'"),
        (["table1", "--data", str(records)], "NAME=RECORDS"),
        (["table1", "--data", f"c24={records}"], "NAME=RECORDS"),
        (["table1", "--data", f"c23={tmp_path}"], "dataset.json"),
        (["table1", "--data", f"celebdf={records}"], "no data to train on"),
    ):
        assert cli.main(["reproduce", *argv]) == 2
        assert said in capsys.readouterr().err, argv
    assert call(tmp_path, "table7", data={"c40": records}) == 1
    assert "--data c23=RECORDS" in capsys.readouterr().out


@pytest.mark.slow
def test_real_runs_are_trained_and_shown(records, tmp_path, capsys):
    names = ("table1", "table4", "table5", "table6", "table7")
    # The peers of Table IV cannot be trained at this size.
    status = call(tmp_path, *names, data={"c23": records}, more=["--train"])
    said = capsys.readouterr().out
    assert status in (0, 1)
    assert "table4: table" not in said
    for name in names:
        assert (tmp_path / "out" / f"{name}.md").is_file(), said
    five = pd.read_csv(tmp_path / "out" / "table5.csv")
    assert five["recall"].between(0, 1).all()
    assert (tmp_path / "out" / "table5_confusion_c23.svg").is_file()
    gamma = pd.read_csv(tmp_path / "out" / "table6.csv")
    known = json.loads(
        (tmp_path / "runs/ours_c23/evaluation/c23-test/metrics.json").read_text()
    )
    assert gamma["iou_image_fakes"][0] == pytest.approx(
        known["iou_image_fakes"], abs=1e-4
    )
