"""Training on some manipulations only (`data.methods`)."""

import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf import config
from fakeloc_tf.data import prepared, records
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.fixed_mask import mean_mask
from fakeloc_tf.training.training_data import TrainingData, check_data

SIZES = {"train": 32, "val": 16, "test": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("data") / "records", SIZES)


def classes_of(source):
    return [int(records.parse_class(serialized)) for serialized, _ in source.written()]


@pytest.mark.parametrize("cache", [False, True])
def test_a_source_has_the_chosen_classes_in_their_order(folder, cache):
    every = RecordSource(folder, "train", cache=cache)
    some = RecordSource(folder, "train", cache=cache, classes=[0, 2])
    assert classes_of(some) == [c for c in classes_of(every) if c in (0, 2)]
    seed = tf.constant([1, 2])
    ids = [tuple(record.numpy()) for _, record in some.shuffled(8, seed)]
    assert sorted(ids) == [tuple(record.numpy()) for _, record in some.written()]


def test_counts_batches_and_weights_are_of_the_chosen(folder):
    resolved = config.load(
        None,
        (
            f"data.records={folder}",
            "data.methods=[Deepfakes]",
            "training.batch_size=4",
        ),
    )
    info = prepared.dataset_info(folder)
    assert prepared.class_counts(info, "train", ["Deepfakes"]) == {
        "pristine": 16,
        "Deepfakes": 4,
    }
    data = TrainingData(resolved)
    assert (data.batches, data.val_count) == (5, 8 + 2)
    assert data.class_weights() == (20 / 32, 20 / 8)
    check_data(info, resolved)


def test_a_method_that_is_not_there_is_named(folder):
    info = prepared.dataset_info(folder)
    for name in ("Deepfake", "pristine"):
        resolved = config.load(
            None, (f"data.records={folder}", f"data.methods=[{name}]")
        )
        with pytest.raises(FakelocError, match="Deepfakes, Face2Face"):
            check_data(info, resolved)


def test_the_fixed_mask_is_of_the_chosen(folder):
    every, some = (mean_mask(folder, 36, methods) for methods in ((), ("FaceSwap",)))
    assert (every != some).any()
    # Four faces of that method: every share is a multiple of a quarter.
    assert set((4 * some[::9, ::9]).round(4).ravel() % 0.25) == {0.0}
