"""`python -m pipelines.validate`: good records pass, each fault is found and named."""

import dataclasses
import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
import synthetic
import tensorflow as tf
import trees

from fakeloc_tf.data import records
from fakeloc_tf.media.images import read_image
from pipelines import checks, contact_sheets, prepare, validate
from pipelines.face_facts import collect_facts, facts_of


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp("validate")
    tree, out = trees.make_ffpp(root / "tree"), root / "records"
    settings = [f"--set=prepare.{s}" for s in ("crop_size=96", "real_factor=2")]
    assert prepare.main(["--input", str(tree), "--out", str(out), *settings]) == 0
    return out


@pytest.fixture(scope="module")
def info(prepared):
    return json.loads((prepared / "dataset.json").read_text())


@pytest.fixture(scope="module")
def facts(prepared, info):
    return collect_facts(prepared, info["classes"])


def anomalies(facts, info, max_skew=1.0):
    return checks.find_anomalies(facts, info, checks.SCHEMA, max_skew)


def test_facts_are_those_of_the_record():
    face = synthetic.synthetic_face(1, "val", 40)
    row = facts_of(face, synthetic.CLASSES)

    noise = face.noise_uint8 / 4
    assert row["noise_mean"] == pytest.approx(noise.mean())
    assert row["noise_variance"] == pytest.approx(noise.var())
    assert row["mask_share"] == (face.mask_uint8 > 0).mean() > 0
    assert (row["method"], row["box_side"], row["image_size"]) == ("Deepfakes", 40, 40)


def test_prepared_records_have_no_anomalies(facts, info):
    assert len(facts) == 3 * 3 * trees.FRAMES + trees.FRAMES
    assert facts["repeat"].sum() == trees.FRAMES
    assert anomalies(facts, info) == []


def test_one_person_a_split_is_a_skew_that_is_told(facts, info):
    found = anomalies(facts, info, max_skew=0.1)

    assert any("test, noise_mean" in line for line in found)
    assert any("Jensen-Shannon" in line for line in found)


@pytest.mark.parametrize(("factor", "told"), [(1.2, 0), (1.44, 0), (1.6, 1), (0.6, 1)])
def test_sizes_may_be_two_steps_of_the_pyramid_apart(facts, factor, told):
    sides = np.where(facts["split"] == "val", 100.0 * factor, 100.0)
    found = checks.check_sizes(facts.assign(box_side=sides))

    assert len(found) == told
    assert all(line.startswith("val, box_side: the median is") for line in found)


def test_sizes_are_among_the_anomalies_unless_nothing_is_compared(facts, info):
    sides = np.where(facts["split"] == "val", 300.0, 100.0)
    other = facts.assign(box_side=sides)

    assert any(a.startswith("val, box_side") for a in anomalies(other, info, 0.9))
    assert anomalies(other, info, max_skew=1.0) == []


def test_sizes_of_a_set_without_training_faces_are_compared_with_nothing(facts):
    assert checks.check_sizes(facts[facts["split"] == "test"]) == []


def changed(facts, rows, **values):
    """A copy in which the rows have other values."""
    table = facts.copy()
    for column, value in values.items():
        table.loc[rows, column] = value
    return table


def test_each_fault_is_found(facts, info):
    test = facts["split"] == "test"
    real, fake = facts["label"] == 0, facts["label"] == 1
    masked = fake & (facts["mask_valid"] == 1)
    repeats = facts["repeat"] > 0
    cases = {
        "person 000 is in test and train": changed(facts, test, identities="000"),
        "video pristine/000 is in test and train": changed(
            facts, test & real, video_id="pristine/000"
        ),
        "pristine/000: 3 faces come twice": changed(facts, repeats, repeat=0),
        "9 real faces have a mask": changed(facts, real & ~repeats, mask_share=0.5),
        "9 fakes have an empty mask": changed(facts, masked, mask_share=0.0),
        "test, label": changed(facts, test & fake, label=2),
        "test, quality": changed(facts, test, quality="c99"),
        "test, mask_share": changed(facts, test & masked, mask_share=1.5),
        "train, pristine: dataset.json counts 6 faces, the records have 3": facts[
            ~repeats
        ],
    }
    for words, table in cases.items():
        found = anomalies(table, info)
        assert any(words in line for line in found), (words, found)


def test_a_feature_that_is_missing_is_found(facts, info):
    found = checks.check_schema(facts.drop(columns="face_score"), checks.SCHEMA, None)
    assert any("face_score" in line for line in found)


def test_the_command_writes_a_page_that_needs_no_network(prepared, tmp_path, capsys):
    call = ["--records", str(prepared), "--out", str(tmp_path / "audit")]

    assert validate.main([*call, "--max-skew", "1", "--sheets"]) == 0

    assert "30 faces, 0 anomalies" in capsys.readouterr().out
    page = (tmp_path / "audit" / "audit.html").read_text()
    assert "No anomalies" in page and "not_in_splits" in page
    assert "://" not in page
    sheets = sorted((tmp_path / "audit" / "sheets").iterdir())
    assert len(sheets) == 9
    assert f"sheets/{sheets[0].name}" in page
    assert read_image(sheets[0]).shape == (3 * 128, trees.FRAMES * 128, 3)


def test_the_command_tells_anomalies_by_its_status(prepared, tmp_path, capsys):
    folder = tmp_path / "records"
    shutil.copytree(prepared, folder)
    info = json.loads((folder / "dataset.json").read_text())
    info["counts"]["val"]["Deepfakes"] += 1
    (folder / "dataset.json").write_text(json.dumps(info))

    assert validate.main(["--records", str(folder), "--max-skew", "1"]) == 1
    assert "anomaly: val, Deepfakes" in capsys.readouterr().out
    assert "1 anomalies" in (folder / "audit" / "audit.html").read_text()


def test_broken_and_missing_records_are_named(prepared, tmp_path, capsys):
    folder = tmp_path / "records"
    shutil.copytree(prepared, folder)
    shard = next(folder.glob("val-*"))
    shard.write_bytes(shard.read_bytes()[:5000])

    assert validate.main(["--records", str(folder)]) == 2
    assert shard.name in capsys.readouterr().err
    assert validate.main(["--records", str(tmp_path)]) == 2
    assert "no prepared data set" in capsys.readouterr().err
    call = ["--records", str(prepared), "--schema", str(prepared / "rejected.csv")]
    assert validate.main(call) == 2
    assert "is no schema" in capsys.readouterr().err


def test_a_sheet_shows_the_outline_the_mask_and_the_noise():
    face = synthetic.synthetic_face(1, "train", contact_sheets.TILE)
    noise = np.zeros_like(face.noise_uint8)
    noise[:, :10] = 20
    face = dataclasses.replace(face, noise_uint8=noise)

    sheet = contact_sheets.contact_sheet([face])

    crop, mask, shown = np.split(sheet, 3)
    np.testing.assert_array_equal(mask[..., 0], face.mask_uint8)
    assert shown[:, :10].min() == 80 and shown[:, 10:].max() == 0
    green = (crop == (0, 255, 0)).all(-1)
    edge = cv2.morphologyEx(face.mask_uint8, cv2.MORPH_GRADIENT, np.ones((3, 3)))
    assert green.any() and (edge[green] == 255).all()


def test_records_of_an_unknown_method_are_a_fault(tmp_path):
    folder = synthetic.write_records(tmp_path / "records", {"train": 4}, size=40)
    face = dataclasses.replace(synthetic.synthetic_face(1, "train", 40), method=9)
    with tf.io.TFRecordWriter(str(folder / "train-00001-of-00002.tfrecord")) as writer:
        writer.write(records.encode(face))
    table = collect_facts(folder, synthetic.CLASSES)

    info = json.loads((folder / "dataset.json").read_text())
    assert isinstance(table, pd.DataFrame)
    assert any("unknown 9" in line for line in checks.check_counts(table, info))
