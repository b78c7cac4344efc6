"""Runs whose training faces are made: who is in them, and what fits."""

import itertools
import json

import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf import config
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.portraits import FOLDER
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training import training_data
from fakeloc_tf.training.provenance import provenance_of
from fakeloc_tf.training.training_data import check_batch, check_data

MADE = f"data.made.portraits=[{FOLDER}]"


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("made_training") / "records")


def test_made_faces_lie_as_a_detector_crops_them(tmp_path):
    """Records of crops and of detected faces may test them."""
    records = synthetic.write_records(tmp_path / "records")
    info = json.loads((records / "dataset.json").read_text()) | {"crop": "none"}
    (records / "dataset.json").write_text(json.dumps(info))
    for more, kept in (((), True), ((MADE,), False)):
        resolved = config.load(None, (f"data.records={records}", *more))
        assert ("crop" in provenance_of(resolved, tmp_path).preparation) == kept


def test_everybody_who_may_be_drawn_is_named(records, tmp_path):
    resolved = config.load(None, (f"data.records={records}", MADE))
    seen = provenance_of(resolved, tmp_path)
    named = {who.rsplit("/")[-1] for who in seen.people("train")}
    assert named == {person.identity for person in load_pool([FOLDER])}
    read = config.load(None, (f"data.records={records}",))
    assert seen.people("val") == provenance_of(read, tmp_path).people("val")
    assert not named & {
        who.rsplit("/")[-1] for who in provenance_of(read, tmp_path).people("train")
    }


def test_steps_and_epochs_see_other_faces(records, monkeypatch):
    few = load_pool([FOLDER])[:4]
    monkeypatch.setattr(training_data, "load_pool", lambda _folders: few)
    small = ("data.made.pairs=2", "training.batch_size=4", "model.image_size=64")
    resolved = config.load(
        None, (f"data.records={records}", MADE, *small, "training.step1.epochs=2")
    )
    data = training_data.TrainingData(resolved)

    def faces(step, epoch):
        strategy = tf.distribute.get_strategy()
        (batch,) = data.training({}, strategy, step, epoch, 0)
        return batch[0].numpy()

    seen = [faces("step1", 0), faces("step1", 1), faces("step2", 0), faces("step2", 1)]
    for first, second in itertools.combinations(seen, 2):
        assert (first != second).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(seen[2], faces("step2", 0))


def test_a_batch_is_of_whole_pairs():
    for size, replicas, fits in ((8, 2, True), (6, 2, False), (6, 1, True)):
        resolved = config.load(None, (MADE, f"training.batch_size={size}"))
        if fits:
            check_batch(resolved, replicas)
            continue
        with pytest.raises(
            FakelocError, match="pairs of data.made; take a multiple of"
        ):
            check_batch(resolved, replicas)


def test_made_faces_have_no_class_of_five():
    info = {
        "name": "toy",
        "classes": ["pristine", "fake"],
        "prepare": {"crop_size": 299},
        "counts": {split: {"pristine": 4, "fake": 4} for split in ("train", "val")},
    }
    five = ("model.five_way=true", "model.classes=[pristine, fake]")
    with pytest.raises(FakelocError, match="none of the methods of model.five_way"):
        check_data(info, config.load(None, (MADE, *five)))
    few = ("data.made.pairs=8", "training.batch_size=32")
    with pytest.raises(FakelocError, match=r"data.made.pairs=8: 16 training faces"):
        check_data(info, config.load(None, (MADE, *few)))
