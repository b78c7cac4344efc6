"""`fakeloc evaluate`, run as a user runs it, against slow recomputation."""

import json
import shutil

import engine_exports
import numpy as np
import pandas as pd
import pytest
import synthetic
import tensorflow as tf
import toy_run
from sklearn.metrics import roc_auc_score

from fakeloc_tf import evaluate, export
from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data import prepared, records
from fakeloc_tf.evaluation import predictions as prediction_rows
from fakeloc_tf.evaluation.fixed_mask import fixed_mask, mean_mask
from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.summary import summarise
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.media.images import decode_png, encode_png
from fakeloc_tf.serving.exports import saved_model, verify


@pytest.fixture(scope="module")
def out(run, folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation") / "test"
    call = ["--run", run, "--data", folder, "--out", out, "--batch-size", "3"]
    assert evaluate.main(list(map(str, call))) == 0
    return out


def faces_of(folder, split):
    """Records read without tf.data's parser."""
    for path in prepared.split_files(folder, split):
        for serialized in tf.data.TFRecordDataset(path):
            yield records.decode(serialized.numpy())


@pytest.fixture(scope="module")
def scores(run, folder):
    """Of the test faces, from where a user of a picture has them."""
    faces = [face.image_uint8 for face in faces_of(folder, "test")]
    return Detector(run).detect_faces(np.stack(faces))


def small_mask(mask_uint8, size):
    """The mask brought to `size` by area, one cell at a time."""
    scale = len(mask_uint8) / size
    fine = np.kron(mask_uint8 / 255.0, np.ones((size, size)))
    step = len(mask_uint8)
    assert step == round(scale * size)
    return fine.reshape(size, step, size, step).mean((1, 3))


def test_a_row_a_face_with_what_a_loop_finds(run, folder, scores, out):
    rows = pd.read_parquet(out / "predictions.parquet")
    faces = list(faces_of(folder, "test"))
    assert len(rows) == len(faces) == 8
    for index, (face, row) in enumerate(
        zip(faces, rows.to_dict("records"), strict=True)
    ):
        assert row["video_id"] == face.video_id
        assert row["frame"] == face.frame
        assert row["label"] == face.label
        assert row["method"] == synthetic.CLASSES[face.method]
        assert row["probability"] == pytest.approx(scores.probability[index], abs=1e-5)
        true = small_mask(face.mask_uint8, 64) >= 0.5
        predicted = scores.localization[index] >= 0.5
        assert row["true_pixels"] == true.sum()
        assert row["predicted_pixels"] == pytest.approx(predicted.sum(), abs=3)
        both, either = (true & predicted).sum(), (true | predicted).sum()
        assert row["iou"] == pytest.approx(both / either if either else 1, abs=0.01)
        assert row["pbca"] == pytest.approx((true == predicted).mean(), abs=0.01)
        area = true.sum() + predicted.sum()
        assert row["f1"] == pytest.approx(2 * both / area if area else 1, abs=0.01)
        if not true.any():
            assert np.isnan([row["pixel_auc"], row["fixed_pixel_auc"]]).all()
            continue
        exact = roc_auc_score(true.ravel(), scores.localization[index].ravel())
        off = row["pixel_auc_error"] + 1e-4
        assert row["pixel_auc"] == pytest.approx(exact, abs=off)
        soft = fixed_mask(run, folder, 64)
        exact = roc_auc_score(true.ravel(), soft.ravel())
        assert row["fixed_pixel_auc"] == pytest.approx(exact, abs=1e-4)


def test_an_export_says_what_evaluation_wrote(run, folder, out, tmp_path):
    export = engine_exports.write(run, "saved_model", tmp_path / "1")
    faces = [encode_png(face.image_uint8) for face in faces_of(folder, "test")]
    written = pd.read_parquet(out / "predictions.parquet")["probability"]
    loaded = tf.saved_model.load(str(export))
    for signature in ("serving_default", "compact"):
        got = loaded.signatures[signature](image_bytes=tf.constant(faces))
        probability = got["probability"].numpy()[:, 0]
        np.testing.assert_allclose(probability, written, atol=1e-5)
    assert np.ptp(written) > 0.01


def test_pooled_pixel_auc_is_that_of_all_pixels(run, folder, scores, out):
    faces = list(faces_of(folder, "test"))
    true = np.stack([small_mask(f.mask_uint8, 64) >= 0.5 for f in faces])
    fake = np.array([f.label for f in faces]) == 1
    written = json.loads((out / "metrics.json").read_text())
    soft = np.broadcast_to(fixed_mask(run, folder, 64), true.shape)
    for name, which in (("fakes", fake), ("all", fake | True)):
        for prefix, maps in (("", scores.localization), ("fixed_mask_", soft)):
            exact = roc_auc_score(true[which].ravel(), maps[which].ravel())
            found = written[f"{prefix}pixel_auc_pooled_{name}"]
            assert found == pytest.approx(exact, abs=2e-3), (prefix, name)
    counts = pd.read_csv(out / "pixel_scores.csv").drop(columns="from")
    assert counts.filter(like="model").to_numpy().sum() == true.size
    assert counts["model_manipulated_in_fakes"].sum() == true.sum()
    assert counts["fixed_mask_pristine_in_reals"].sum() == true[~fake].size


def test_metrics_and_tables_follow_from_the_rows_alone(out):
    rows = prediction_rows.read(out / "predictions.parquet")
    written = json.loads((out / "metrics.json").read_text())
    again = summarise(rows, toy_run.THRESHOLD)
    assert {key: written[key] for key in again} == again
    table = pd.read_csv(out / "table_methods.csv")
    pd.testing.assert_frame_equal(table, method_table(rows, toy_run.THRESHOLD))
    assert list(table["method"]) == [*sorted(synthetic.CLASSES[1:]), "all fakes"]
    text = (out / "table_methods.md").read_text()
    assert "IoU fixed" in text and "| all fakes |" in text
    low, high = written["intervals"]["iou_image_fakes"]
    whole = f"| {written['iou_image_fakes']:.3f} ({low:.3f} to {high:.3f}) |"
    assert whole in text.splitlines()[-3]
    text = (out / "table_metrics.md").read_text()
    assert f"| IoU, mean per image, fakes {whole}" in text
    assert f"| AUC | {written['frame_auc']:.3f} (" in text


def test_the_fixed_mask_is_the_mean_of_the_training_fakes(run, folder, out):
    masks = [
        small_mask(face.mask_uint8, 64)
        for face in faces_of(folder, "train")
        if face.label
    ]
    mean = np.mean(masks, axis=0)
    np.testing.assert_allclose(mean_mask(folder, 64), mean, atol=1e-5)
    assert (run / "mean_train_mask.png").is_file()
    mask = fixed_mask(run, folder, 64) >= 0.5
    sure = np.abs(mean - 0.5) > 1 / 255
    np.testing.assert_array_equal(mask[sure], (mean >= 0.5)[sure])
    rows = pd.read_parquet(out / "predictions.parquet")
    for face, got in zip(faces_of(folder, "test"), rows["fixed_iou"], strict=True):
        true = small_mask(face.mask_uint8, 64) >= 0.5
        wanted = (true & mask).sum() / (true | mask).sum()
        assert got == pytest.approx(wanted, abs=0.01)


def test_the_kept_mask_is_made_again_when_the_records_change(run, folder, tmp_path):
    kept = fixed_mask(run, folder, 64)
    assert kept.dtype == np.float32 and kept.max() <= 1
    other = tmp_path / "other"
    synthetic.write_records(other, {"train": 4})
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    assert (fixed_mask(copy, other, 64) != kept).any()
    np.testing.assert_array_equal(fixed_mask(copy, folder, 64), kept)


def test_a_model_without_masks_has_scores_and_no_localisation(folder, tmp_path, capsys):
    run = toy_run.make_run(
        tmp_path / "plain", f"data.records={folder}", "model.heads=[]"
    )
    out = tmp_path / "out"
    call = ["--run", run, "--data", folder, "--out", out]
    assert evaluate.main(list(map(str, call))) == 0
    said = capsys.readouterr().out
    rows = pd.read_parquet(out / "predictions.parquet")
    assert rows[list(prediction_rows.PREDICTED)].isna().all(axis=None)
    assert rows["fixed_iou"].notna().any() and rows["true_pixels"].any()
    assert rows["probability"].between(0, 1).all()
    written = json.loads((out / "metrics.json").read_text())
    for key in ("iou_image_fakes", "iou_pooled", "miou_two_class", "pbca_image_all"):
        assert written[key] is None, key
    assert written["gain_iou_pooled"] is None
    assert written["fixed_mask_iou_image_fakes"] > 0
    assert written["frame_auc"] is not None
    assert "iou_image_fakes              –" in said
    table = pd.read_csv(out / "table_methods.csv")
    assert table["iou_image_fakes"].isna().all()
    assert table["fixed_mask_iou_image_fakes"].notna().all()
    assert "–" in (out / "table_methods.md").read_text()
    assert not red(out / "examples.png")


def red(path):
    """Whether a figure has a region that is tinted red; faces are grey."""
    picture = decode_png(path.read_bytes()).astype(int)
    return bool((picture[..., 0] - picture[..., 1] > 60).any())


def test_examples_of_a_model_with_masks_are_tinted(out):
    assert red(out / "examples.png")


def refused(capsys, run, data, *more):
    call = ["--run", run, "--data", data, *more]
    status = evaluate.main(list(map(str, call)))
    assert status == 2
    return capsys.readouterr().err


def test_other_crops_than_in_training_are_refused(run, tmp_path, capsys):
    for key, value in (("margin", 1.8), ("sigma", 10.0)):
        prepare = PrepareConfig(crop_size=72, **{key: value})
        data = synthetic.write_records(tmp_path / key, prepare=prepare)
        said = refused(capsys, run, data)
        assert str(data) in said and str(run) in said
        assert f"{key}={value}" in said


def test_missing_and_broken_inputs_are_named(run, folder, tmp_path, capsys):
    assert "dataset.json" in refused(capsys, run, tmp_path / "no")
    assert "best.keras is missing" in refused(capsys, tmp_path, folder)
    data = tmp_path / "data"
    shutil.copytree(folder, data)
    file = data / "test-00000-of-00001.tfrecord"
    file.write_bytes(file.read_bytes()[:-40])
    out = tmp_path / "out"
    assert f"{file} is broken" in refused(capsys, run, data, "--out", out)
    assert not out.exists()
    file.unlink()
    assert "split 'test'" in refused(capsys, run, data)
    assert evaluate.main(["--run", str(run), "--data", str(data), "--split", "x"]) == 2


def test_export_is_verified_on_real_faces(run, folder, tmp_path, monkeypatch):
    seen = []

    def compare(score, saved_model, faces_uint8):
        seen.append(faces_uint8)
        return {}

    monkeypatch.setattr(verify, "differences_from_keras", compare)
    monkeypatch.setattr(saved_model, "write_saved_model", lambda *_: None)
    call = ["--run", run, "--out", tmp_path / "1", "--verify", folder]
    assert export.main(list(map(str, call))) == 0
    wanted = [f.image_uint8 for f in faces_of(folder, "test")]
    # At the size of the records: each engine brings them to its model's itself.
    np.testing.assert_array_equal(seen[0], np.stack(wanted))
