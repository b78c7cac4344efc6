"""The tables' numbers and words, from hand-made predictions."""

import dataclasses
from typing import get_args

import keras
import numpy as np
import pandas as pd
import pytest
import stand_ins
import synthetic

from fakeloc_tf import config
from fakeloc_tf.config import BackboneConfig
from fakeloc_tf.data import dataset, targets
from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.confusion import confusion_matrix
from fakeloc_tf.evaluation.paper import evaluations
from fakeloc_tf.evaluation.paper.evaluations import Evaluated, evaluate_once
from fakeloc_tf.evaluation.paper.experiments import (
    DEMO,
    EXPERIMENTS,
    PAPER,
    QUALITIES,
    resolve,
)
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables import TABLES, gamma, table1, table6
from fakeloc_tf.models.backbones import TAPS
from fakeloc_tf.models.fusion import MapFusion

OF_PEERS = {"MesoNet4", "MesoInception4", "ResNet50"}
BACKBONES = get_args(BackboneConfig.model_fields["name"].annotation)


@pytest.fixture
def context(records, tmp_path, monkeypatch, nothing_to_free):
    """All runs at c23, but for those of the peers."""
    training, evaluation = stand_ins.Training(), stand_ins.Evaluation()
    monkeypatch.setattr(evaluations, "evaluate_run", evaluation)
    runs = {}
    for name in EXPERIMENTS:
        if any(peer in str(EXPERIMENTS[name].overrides) for peer in OF_PEERS):
            continue
        folder = tmp_path / "runs" / f"{name}_c23"
        training(resolve(name, "c23", PAPER, records), folder, (), False)
        runs[folder.name] = folder
    return Context({"c23": records}, runs, tmp_path / "out", None)


def made(context, name):
    files = TABLES[name].make(context)
    assert all(path.is_file() for path in files)
    folder = context.out
    page = (folder / f"{name}.md").read_text("utf-8")
    return pd.read_csv(folder / f"{name}.csv"), page


def test_counts_are_those_of_the_records(context, records):
    table, page = made(context, "table1")
    counts = dataset_info(records)["counts"]
    for row in table.itertuples():
        assert row.train == counts["train"][row.method]
        assert row.test == counts["test"][row.method]
    assert table["paper_train"].isna().all() and "not looked up" in page


def test_repeats_are_left_out_in_a_row_of_their_own(context, records, monkeypatch):
    info = dataset_info(records) | {"repeats": {"train": 3, "val": 1, "test": 0}}
    monkeypatch.setattr(table1, "dataset_info", lambda _: info)
    table, _ = made(context, "table1")
    rows = table.set_index("method")
    assert (
        rows.loc["pristine", "train"] - 3 == rows.loc["pristine, no repeats", "train"]
    )


def test_methods_have_a_row_for_each_detector(context):
    table, page = made(context, "table3")
    assert set(table["detector"]) == {"Xception", "Detect and Locate"}
    ours = table[table["detector"] == "Detect and Locate"].set_index("method")
    assert list(ours.index) == [*sorted(stand_ins.CLASSES[1:]), "all fakes"]
    assert set(ours["frame_auc"]) == {1.0}
    assert set(ours["gain_iou_image_fakes"]) == {0.25}
    assert "mesonet4_c23" in page
    # The head of the table has no names of code.
    assert "_" not in next(line for line in page.splitlines() if line[:1] == "|")


def test_five_way_recalls_and_confusion(context):
    table, page = made(context, "table5")
    rows = table.set_index("method")
    assert rows.loc["Deepfakes", "recall"] == 0.5
    assert rows.loc["FaceSwap", "recall"] == 1.0
    assert rows.loc["mean", "recall"] == pytest.approx(0.6)
    matrix = confusion_matrix(stand_ins.hand_made(five_way=True))
    assert matrix.loc["pristine", "FaceSwap"] == 1
    assert matrix.loc["FaceSwap", "FaceSwap"] == 2
    assert list(matrix.index) == list(matrix.columns) == list(stand_ins.CLASSES)
    assert matrix.to_numpy().sum() == 10
    assert "| Deepfakes | 0 | 1 | 0 | 1 | 0 |" in page
    for kind in ("png", "svg", "csv"):
        assert (context.out / f"table5_confusion_c23.{kind}").is_file()


def test_predictions_of_no_five_way_model_are_refused():
    with pytest.raises(FakelocError, match="probabilities of methods"):
        confusion_matrix(stand_ins.hand_made())


def test_without_celebdf_the_stand_in_is_named(context):
    table, page = made(context, "table4")
    assert table["auc_celebdf"].isna().all()
    assert "**Celeb-DF is left out**" in page and "stand in" in page
    assert {"AUC Deepfakes", "AUC FaceSwap"} <= set(table)


def test_demo_figures_are_marked_and_apart_from_the_papers(context):
    marked = dataclasses.replace(context, mark="demo")
    table, page = made(marked, "table2")
    assert set(table["ours_is_of"]) == {"demo"}
    assert page.startswith("# Table II: detection (demo)")
    assert "cannot be compared" in page
    (head,) = [line for line in page.splitlines() if line.startswith("| Quality")]
    titles = [title.strip() for title in head.strip("|").split("|")][2:]
    papers = [title for title in titles if title.startswith("Paper, FF++: ")]
    assert len(papers) == 2
    assert all("(demo)" in title for title in titles if title not in papers)
    plain, page = made(context, "table2")
    assert "ours_is_of" not in plain and "demo" not in page


def test_the_papers_numbers_have_a_source():
    assert paper_value("table4", "deepfakes", "c40", "auc_celebdf") == 0.7454
    assert np.isnan(paper_value("table4", "deepfakes", "c23", "auc_celebdf"))
    assert "QP 23" in paper_note("table4") and "not looked up" in paper_note("table7")


class Maps:
    """Three maps of different sizes from the faces' own brightness."""

    def __init__(self, taps):
        self.output = {f"semantic_{tap}": None for tap in taps}

    def __call__(self, image, training=False):
        grey = keras.ops.mean(image, axis=-1, keepdims=True) / 20 - 6
        sizes = {"shallow": 2, "middle": 8, "deep": 16}
        return {
            name: keras.ops.average_pool(grey, sizes[name.removeprefix("semantic_")])
            for name in self.output
        }


@pytest.fixture
def model(monkeypatch, nothing_to_free):
    model = Maps(TAPS)
    toy = config.load(None, ("model.image_size=64",))
    monkeypatch.setattr(gamma, "load_run", lambda _: (model, toy, {}))
    return model


def test_the_gammas_of_one_pass_are_those_of_eq_8(records, tmp_path, model):
    gammas = {"paper": (0.1, 0.2, 0.7), "shallow": (1.0, 0.0, 0.0)}
    found = gamma.iou_of_gammas(tmp_path, records, "test", gammas)
    assert found["paper"] != found["shallow"]
    for name, weights in gammas.items():
        wanted = []
        for face in dataset.load_split(records, "test"):
            if int(face["label"]):
                outputs = model(targets.model_input(face["image"], 64)[None])
                logits = {tap: outputs[f"semantic_{tap}"] for tap in TAPS}
                fused = MapFusion(weights, 64)(logits)[0, ..., 0].numpy() >= 0.5
                mask = targets.soft_mask(face["mask"], (64, 64))
                true = mask[..., 0].numpy() >= 0.5
                wanted.append((fused & true).sum() / (fused | true).sum())
        assert found[name] == pytest.approx(np.mean(wanted), abs=1e-3)


def test_gamma_is_chosen_on_validation_and_reported_on_test(context, monkeypatch):
    ious = {
        "val": dict.fromkeys(gamma.CANDIDATES, 0.1) | {"uniform": 0.3},
        "test": dict.fromkeys(gamma.CANDIDATES, 0.6) | {"uniform": 0.55},
    }
    monkeypatch.setattr(table6, "iou_of_gammas", lambda run, data, split: ious[split])
    table, page = made(context, "table6")
    (chosen,) = table[table["chosen"] == "yes"].to_dict("records")
    assert chosen["weights"] == "uniform"
    assert chosen["iou_image_fakes"] == 0.55
    assert chosen["fixed_mask_iou_image_fakes"] == 0.5
    assert chosen["gain_iou_image_fakes"] == pytest.approx(0.05)
    assert "never on test" in page


def test_gammas_need_all_three_maps(records, tmp_path, model):
    del model.output["semantic_middle"]
    with pytest.raises(FakelocError, match="map at: middle"):
        gamma.iou_of_gammas(tmp_path, records, "test")


@pytest.mark.parametrize("setting", [PAPER, DEMO], ids=["paper", "demo"])
def test_experiments_share_their_budget_and_differ_as_said(setting, records):
    budgets = set()
    for name, experiment in EXPERIMENTS.items():
        said = str(experiment.overrides)
        if any(peer in said for peer in OF_PEERS - set(BACKBONES)):
            continue
        for quality in QUALITIES:
            resolved = resolve(name, quality, setting, records)
            budgets.add(resolved.passes)
            assert resolved.prepare.sigma == (5.0 if quality == "c23" else 10.0)
            assert resolved.data.records == str(records)
            assert resolved.data.demo == (setting is DEMO)
            assert resolved.data.quality == quality
    assert len(budgets) == 1
    every = {name for item in TABLES.values() for name in item.experiments}
    assert every == set(EXPERIMENTS)


def test_the_threshold_is_the_runs(context, records):
    found = evaluate_once(context.runs["ours_c23"], records, "c23")
    assert isinstance(found, Evaluated) and found.threshold == stand_ins.THRESHOLD
    assert synthetic.CLASSES == list(stand_ins.CLASSES)
