"""From portraits to videos, records, a trained run, a SavedModel and a report."""

import json

import pandas as pd
import pytest
import tensorflow as tf
import tiny_backbone

from fakeloc_tf import demo_data, detect, evaluate, export, train
from fakeloc_tf.data import records
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.models import backbones
from pipelines import prepare

# Crops at the model's size: detection and preparation then resize the same way.
TOY = (
    "prepare.crop_size=64",
    "model.image_size=64",
    "model.backbone.weights=none",
    "data.demo=false",
    "training.batch_size=4",
    "training.step1.epochs=1",
    "training.step2.epochs=1",
)


def settings(*names):
    """`--set` options of the overrides whose section is in `names`."""
    return [f"--set={toy}" for toy in TOY if toy.split(".")[0] in names]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every command once, one after the other, as the README has them."""
    root = tmp_path_factory.mktemp("end_to_end")
    tree, data, run, served = (root / n for n in ("ff", "records", "run", "served"))
    call = ["--out", tree, "--identities", "3", "--frames", "2", "--qualities", "c23"]
    assert demo_data.main(list(map(str, call))) == 0
    call = ["--input", tree, "--out", data, *settings("prepare")]
    assert prepare.main(list(map(str, call))) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)
        call = ["--config", "configs/scratch.yaml", "--run", run, "--data", data]
        call += ["--strategy", "mirrored"]
        call += settings("prepare", "model", "data", "training")
        assert train.main(list(map(str, call))) == 0
    call = ["--run", run, "--data", data, "--out", root / "test"]
    assert evaluate.main(list(map(str, call))) == 0
    call = ["--run", run, "--out", served / "1", "--verify", data]
    assert export.main(list(map(str, call))) == 0
    videos = sorted(tree.glob("*/*/c23/videos/*.mp4"))
    call = [*videos, "--model", served, "--out", root / "detect", "--all-frames"]
    assert detect.main(list(map(str, call))) == 0
    return root


@pytest.fixture(scope="module")
def predictions(folder):
    rows = pd.read_parquet(folder / "test" / "predictions.parquet")
    return rows.set_index(["video_id", "frame"])["probability"]


def test_every_test_face_has_a_prediction(predictions):
    # One person in the test split: a real video and four fakes of two frames.
    assert len(predictions) == 10
    assert predictions.between(0, 1).all()


def test_served_bytes_of_a_record_score_as_evaluation_says(folder, predictions):
    serve = tf.saved_model.load(folder / "served" / "1").signatures["serving_default"]
    files = sorted((folder / "records").glob("test-*.tfrecord"))

    for serialized in tf.data.TFRecordDataset(files).as_numpy_iterator():
        face = records.decode(serialized)
        png = tf.constant([encode_png(face.image_uint8)])
        probability = float(serve(image_bytes=png)["probability"][0])
        wanted = predictions[face.video_id, face.frame]
        assert probability == pytest.approx(wanted, abs=1e-5)


def test_a_video_scores_as_its_record_does(folder, predictions):
    """The first frame: both search the whole of it, so the crop is the same."""
    lines = (folder / "detect" / "results.jsonl").read_text().splitlines()
    rows = {row["path"]: row for row in map(json.loads, lines)}
    compared = 0
    for (video_id, frame), wanted in predictions.items():
        method, name = video_id.split("/")
        place = "youtube" if method == "pristine" else method
        (row,) = (
            r for p, r in rows.items() if p.endswith(f"{place}/c23/videos/{name}.mp4")
        )
        (face,) = row["frames"][frame]["faces"]
        if frame == 0:
            assert face["probability"] == pytest.approx(wanted, abs=1e-5)
            compared += 1
    assert compared == 5
    assert (folder / "detect" / "report.html").stat().st_size > 1000
