"""An epoch's order: complete, reproducible, the same however it is cut or taken up."""

import itertools
import shutil

import numpy as np
import pytest
import synthetic
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeloc_tf.config import AugmentConfig
from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.source import RecordSource, record_names
from fakeloc_tf.errors import FakelocError

FACES = {"train": 53, "val": 10}
SIZES = {"deep": (3, 3)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """53 training faces in 5 shards of 11, 11, 11, 11 and 9; the pictures differ."""
    folder = synthetic.write_records(tmp_path_factory.mktemp("r"), FACES, size=24)
    whole = folder / "train-00000-of-00001.tfrecord"
    serialized = list(tf.data.TFRecordDataset(str(whole)).as_numpy_iterator())
    whole.unlink()
    for shard in range(5):
        path = folder / f"train-{shard:05d}-of-00005.tfrecord"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for one in serialized[11 * shard : 11 * shard + 11]:
                writer.write(one)
    return folder


def training(folder, *, cache=False, **options):
    """(image, targets) of each batch, as NumPy."""
    settings = {
        "image_size": 24,
        "map_sizes": SIZES,
        "sigma": 5.0,
        "batch_size": 8,
        "shuffle_buffer": 20,
        "augment": AugmentConfig(),
        "seed": 3,
        "epoch": 0,
    }
    source = RecordSource(folder, "train", cache=cache)
    batches = dataset.training_batches(source, **settings | options)
    return list(batches.as_numpy_iterator())


def evaluation(folder, split="val", **options):
    settings = {
        "image_size": 24,
        "map_sizes": SIZES,
        "sigma": 5.0,
        "batch_size": 4,
        "count": FACES[split],
    }
    source = RecordSource(folder, split)
    batches = dataset.evaluation_batches(source, **settings | options)
    return list(batches.as_numpy_iterator())


def ids(batches):
    return [tuple(pair) for _, targets in batches for pair in targets["record"]]


def assert_same(found, expected):
    assert len(found) == len(expected)
    tf.nest.map_structure(np.testing.assert_array_equal, found, expected)


def global_batches(folder, make, workers, replicas, **options):
    """The workers' and replicas' parts put together again."""
    per_worker = [
        make(folder, worker=worker, workers=workers, replicas=replicas, **options)
        for worker in range(workers)
    ]
    parts = [
        [batches[start : start + replicas] for batches in per_worker]
        for start in range(0, len(per_worker[0]), replicas)
    ]
    assert len({len(batches) for batches in per_worker}) == 1
    return [
        tf.nest.map_structure(
            lambda *values: np.concatenate(values), *itertools.chain(*of_workers)
        )
        for of_workers in parts
    ]


def test_an_epoch_is_a_permutation_but_for_the_last_incomplete_batch(folder):
    shards = [range(11)] * 4 + [range(9)]
    written = [(shard, at) for shard, places in enumerate(shards) for at in places]
    source = RecordSource(folder, "train")
    assert [tuple(r) for _, r in source.written().as_numpy_iterator()] == written
    seed = tf.constant([1, 2])
    order = [tuple(r) for _, r in source.shuffled(20, seed).as_numpy_iterator()]
    assert order != written and sorted(order) == written
    epoch = ids(training(folder))
    assert len(epoch) == len(set(epoch)) == 48


def test_shards_and_their_records_are_mixed(folder):
    shards = [shard for shard, _ in ids(training(folder, shuffle_buffer=1))]
    # Without a buffer the shards take turns, in an order that changes.
    assert sorted(shards[:5]) == [0, 1, 2, 3, 4] and shards[5:10] == shards[:5]
    orders = {
        tuple(shard for shard, _ in ids(training(folder, shuffle_buffer=1, epoch=e)))
        for e in range(4)
    }
    assert len(orders) > 1


@pytest.mark.parametrize("change", [{"epoch": 1}, {"seed": 4}])
def test_another_epoch_or_seed_is_another_order(folder, change):
    assert ids(training(folder, **change)) != ids(training(folder))


def test_epochs_of_neighbouring_seeds_differ(folder):
    assert ids(training(folder, seed=0, epoch=1)) != ids(
        training(folder, seed=1, epoch=0)
    )


def test_an_epoch_does_not_depend_on_tensorflows_own_seed_or_on_the_cache(folder):
    expected = training(folder)
    tf.random.set_seed(123)
    tf.random.uniform([])
    assert_same(training(folder), expected)
    assert_same(training(folder, cache=True), expected)


def test_an_epoch_iterated_twice_is_the_same(folder):
    source = RecordSource(folder, "train").shuffled(20, tf.constant([1, 2]))
    first, second = ([tuple(r.numpy()) for _, r in source] for _ in range(2))
    assert first == second


@settings(max_examples=8, deadline=None)
@given(st.sampled_from([(1, 2), (2, 1), (2, 2), (4, 2), (8, 1)]), st.integers(0, 6))
@pytest.mark.slow
def test_a_cut_epoch_is_the_same_faces_changed_in_the_same_way(folder, cut, skip):
    expected = training(folder)[skip:]
    found = global_batches(folder, training, *cut, skip=skip)
    assert_same(found, expected)


def test_every_change_is_the_same_however_an_epoch_is_cut(folder):
    changes = ("jpeg", "blur", "noise", "downscale", "colour", "self_blend")
    everything = AugmentConfig(**dict.fromkeys(changes, 0.6))
    expected = training(folder, augment=everything)
    found = global_batches(folder, training, 2, 2, augment=everything, skip=2)
    assert_same(found, expected[2:])
    plain = training(folder)
    assert ids(plain) == ids(expected)
    for (images, targets), (changed, others) in zip(plain, expected, strict=True):
        assert (images != changed).any(axis=(1, 2, 3)).mean() > 0.7
        blended = (others["label"] > targets["label"])[:, 0]
        assert not (others["label"] < targets["label"]).any()
        assert (others["method"][blended] == 1).all()
        assert (others["semantic_deep"][blended] > 0).any(axis=(1, 2, 3)).all()
        for name in ("noise_deep", "semantic_deep"):
            same = targets[name][~blended], others[name][~blended]
            # Flips are drawn from the same seed in both.
            np.testing.assert_array_equal(*same, err_msg=name)
    assert any(
        (o["label"] > t["label"]).any()
        for (_, t), (_, o) in zip(plain, expected, strict=True)
    )


def test_skipping_gives_what_an_undisturbed_epoch_gives(folder):
    undisturbed = training(folder)
    for skip in range(7):
        assert_same(training(folder, skip=skip), undisturbed[skip:])


def test_skipped_and_foreign_records_are_not_decoded(folder, tmp_path):
    """Every record but those of one worker's last batch is broken inside."""
    order = ids(training(folder))
    wanted = set(order[44:])
    for shard, path in enumerate(prepared.split_files(folder, "train")):
        old = tf.data.TFRecordDataset(path).as_numpy_iterator()
        with tf.io.TFRecordWriter(str(tmp_path / path.split("/")[-1])) as writer:
            for place, serialized in enumerate(old):
                writer.write(serialized if (shard, place) in wanted else b"broken")
    batches = training(tmp_path, skip=5, worker=1, workers=2)
    assert ids(batches) == order[44:]
    with pytest.raises(tf.errors.InvalidArgumentError):
        training(tmp_path, skip=5, worker=0, workers=2)


@pytest.mark.parametrize("make", [training, evaluation])
@pytest.mark.parametrize(
    "cut",
    [{"workers": 3, "worker": 0}, {"replicas": 3}, {"workers": 2, "worker": 2}],
)
def test_a_batch_that_cannot_be_shared_out_is_refused(folder, make, cut):
    with pytest.raises(ValueError, match="Received"):
        make(folder, **cut)


def test_evaluation_sees_every_face_and_fills_up_from_the_start(folder):
    batches = evaluation(folder)
    assert [len(images) for images, _ in batches] == [4, 4, 4]
    index = np.concatenate([targets["index"] for _, targets in batches])
    assert index.tolist() == list(range(12))
    assert [place for _, place in ids(batches)] == [*range(10), 0, 1]
    # A split smaller than the batch repeats as often as it takes.
    (batch,) = evaluation(folder, batch_size=24)
    assert ids([batch]) == [(0, n % 10) for n in range(24)]


@pytest.mark.parametrize("cut", [(1, 2), (2, 1), (2, 2), (4, 1)])
def test_evaluation_is_the_same_however_it_is_cut(folder, cut):
    assert_same(global_batches(folder, evaluation, *cut), evaluation(folder))


def test_a_wrong_count_of_records_is_explained(folder):
    for wrong in (9, 11):
        with pytest.raises(FakelocError, match=r"val has .*dataset\.json"):
            with dataset.explain_broken_records(folder, "val"):
                evaluation(folder, count=wrong)


def test_models_without_some_maps_get_no_targets_for_them(folder):
    _, targets = training(folder, map_sizes={})[0]
    assert set(targets) == {"label", "method", "mask_valid", "record"}
    _, targets = training(folder, map_sizes=SIZES)[0]
    assert {"semantic_deep", "noise_deep"} <= set(targets)
    assert not [name for name in targets if "shallow" in name or "middle" in name]


def test_records_have_names(folder, tmp_path):
    first = "train-00000-of-00005.tfrecord#3 Face2Face/train0 frame 3"
    last = "train-00004-of-00005.tfrecord#8 pristine/train13 frame 52"
    assert record_names(folder, "train", [(4, 8), (0, 3)]) == [last, first]
    # What cannot be read is still named: it may be what went wrong.
    shutil.copytree(folder, tmp_path / "copy")
    path = next((tmp_path / "copy").glob("train-00000*"))
    path.write_bytes(path.read_bytes()[:100])
    named = record_names(tmp_path / "copy", "train", np.array([(0, 3), (4, 8)]))
    assert named == [first.split()[0], last]


def test_a_worker_names_the_broken_file(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    path = next((tmp_path / "copy").glob("train-00002*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    for cache in (False, True):
        with pytest.raises(FakelocError, match=path.name):
            with dataset.explain_broken_records(tmp_path / "copy", "train"):
                training(tmp_path / "copy", cache=cache, worker=0, workers=2)


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [(53, 10, range(0, 50, 5)), (53, 100, range(53)), (53, 53, range(53))],
)
def test_some_faces_are_spread_over_the_split(folder, count, wanted, expected):
    source = RecordSource(folder, "train")
    some = dataset.spread_faces(
        source,
        image_size=24,
        map_sizes=SIZES,
        sigma=5.0,
        count=count,
        wanted=wanted,
        batch_size=4,
    )
    found = [r for _, targets in some.as_numpy_iterator() for r in targets["record"]]
    every = [record.numpy() for _, record in source.written()]
    np.testing.assert_array_equal(found, [every[index] for index in expected])
