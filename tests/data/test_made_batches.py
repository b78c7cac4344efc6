"""Epochs of made faces: the same faces however they are cut."""

import numpy as np
import pytest

from fakeloc_tf.data.made.batches import made_batches
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.data.portraits import load_portraits

SETTINGS = {"pairs": 8, "map_sizes": {"deep": (4, 4)}, "sigma": 5.0, "batch_size": 4}


@pytest.fixture(scope="module")
def maker():
    return FaceMaker(load_portraits(4), 64)


def _faces(batches):
    images, records = [], []
    for image, targets in batches:
        images.append(image.numpy())
        records.append(targets["record"].numpy())
    return np.concatenate(images), np.concatenate(records)


def test_an_epoch_is_pairs_with_their_targets(maker):
    batches = list(made_batches(maker, **SETTINGS, seed=0, epoch=0))
    assert len(batches) == 4
    for image, targets in batches:
        assert image.shape == (4, 64, 64, 3) and image.dtype == "float32"
        np.testing.assert_array_equal(targets["label"][:, 0], [0, 1, 0, 1])
        assert targets["noise_deep"].shape == targets["semantic_deep"].shape
        masked = np.asarray(targets["semantic_deep"]).sum((1, 2, 3)) > 0
        np.testing.assert_array_equal(masked, [False, True, False, True])


def test_epochs_and_seeds_differ_and_repeat(maker):
    def epoch(seed, epoch):
        return _faces(made_batches(maker, **SETTINGS, seed=seed, epoch=epoch))[0]

    first = epoch(0, 0)
    np.testing.assert_array_equal(first, epoch(0, 0))
    for other in (epoch(0, 1), epoch(1, 0)):
        assert (first != other).any(axis=(1, 2, 3)).all()


def test_an_epoch_is_taken_up_anywhere(maker):
    whole, _ = _faces(made_batches(maker, **SETTINGS, seed=0, epoch=2))
    rest, records = _faces(made_batches(maker, **SETTINGS, seed=0, epoch=2, skip=3))
    np.testing.assert_array_equal(rest, whole[12:])
    np.testing.assert_array_equal(records, [[6, 0], [6, 1], [7, 0], [7, 1]])


def test_workers_share_every_batch(maker):
    cuts = [
        _faces(made_batches(maker, **SETTINGS, seed=0, epoch=0, worker=w, workers=2))[1]
        for w in range(2)
    ]
    np.testing.assert_array_equal(cuts[0][::2, 0], [0, 2, 4, 6])
    np.testing.assert_array_equal(cuts[1][::2, 0], [1, 3, 5, 7])


def test_odd_batches_are_refused(maker):
    with pytest.raises(ValueError, match="even. Received: 3"):
        made_batches(maker, **SETTINGS | {"batch_size": 3}, seed=0, epoch=0)
