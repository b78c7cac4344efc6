"""`fakeloc reproduce`, run as a user runs it, at toy size."""

import shutil

import pandas as pd
import pytest
import toy_run

from fakeloc_tf import cli, config, reproduce
from fakeloc_tf.data import demo_records
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper import evaluations, runs
from fakeloc_tf.evaluation.paper.experiments import PAPER, resolve

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
def trained(monkeypatch):
    """Training of no time: writes a toy run and notes its name."""
    names = []

    def start(resolved, folder, steps, resume):
        names.append(folder.name)
        shutil.rmtree(folder, ignore_errors=True)
        kept = resolved.model_dump()
        overrides = [
            f"model.{key}={list(kept['model'][key])}" for key in ("heads", "taps")
        ]
        overrides.append(f"model.five_way={str(kept['model']['five_way']).lower()}")
        overrides.append(f"data.methods={list(kept['data']['methods'])}")
        overrides.append(f"data.records={kept['data']['records']}")
        toy_run.make_run(folder, *overrides)

    monkeypatch.setattr(runs, "start_training", start)
    return names


def call(tmp_path, records, *more, toy=TOY):
    argv = [f"--runs={tmp_path / 'runs'}", f"--out={tmp_path / 'out'}"]
    argv += [f"--data=c23={records}"] if records else []
    for override in toy:
        argv += ["--set", override]
    return reproduce.main([*more, *argv])


def test_tables_are_trained_made_and_resumed(records, tmp_path, capsys, monkeypatch):
    assert call(tmp_path, records, "table1", "table7", "--train") == 0
    said = capsys.readouterr().out
    assert "table1: " in said and "table7.md" in said and "Not made" not in said
    table = pd.read_csv(tmp_path / "out" / "table7.csv")
    assert list(table["detector"]) == [
        "Xception",
        "Xception + noise",
        "Xception + segmentation",
        "Xception + both, three taps",
    ]
    assert table["frame_auc"].between(0, 1).all()
    assert list(table["iou_image_fakes"].isna()) == [True, True, False, False]
    assert table["fixed_mask_iou_image_fakes"].notna().all()
    for name in ("xception", "noise", "semantic", "ours"):
        found = config.load(tmp_path / "runs" / f"{name}_c23" / "config.yaml")
        assert found.passes == 2, name

    def refuse(*_):
        raise AssertionError("what is there is not made again")

    monkeypatch.setattr(runs, "start_training", refuse)
    monkeypatch.setattr(evaluations, "evaluate_run", refuse)
    assert call(tmp_path, records, "table7", "--train") == 0
