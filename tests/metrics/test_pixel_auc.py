import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fakeloc_tf import metrics
from fakeloc_tf.metrics.pixels import BINS


@pytest.fixture(scope="module")
def faces():
    """Maps that know a little of the true masks, and those."""
    rng = np.random.default_rng(0)
    true = rng.random((4, 20, 20)) > 0.7
    maps = np.clip(rng.normal(0.4 + 0.2 * true, 0.2), 0, 1).astype(np.float32)
    return maps, true


def test_each_face_is_as_near_to_scikit_learn_as_told(faces):
    maps, true = faces
    counts = metrics.pixel_histogram(maps, true)

    found, error = metrics.histogram_auc(counts), metrics.histogram_auc_error(counts)

    exact = [
        roc_auc_score(t.ravel(), m.ravel()) for m, t in zip(maps, true, strict=True)
    ]
    assert (np.abs(found - exact) <= error + 1e-12).all()
    assert (error < 0.002).all()


def test_added_histograms_are_those_of_all_pixels(faces):
    maps, true = faces
    parts = [metrics.pixel_histogram(maps[i : i + 1], true[i : i + 1]) for i in (0, 1)]

    pooled = metrics.histogram_auc(sum(part[0] for part in parts))

    exact = roc_auc_score(true[:2].ravel(), maps[:2].ravel())
    assert pooled == pytest.approx(exact, abs=1e-3)


def test_values_of_whole_bins_are_exact(faces):
    _, true = faces
    levels = np.random.default_rng(1).integers(0, 8, true.shape) / 7

    found = metrics.histogram_auc(metrics.pixel_histogram(levels, true))

    exact = [
        roc_auc_score(t.ravel(), m.ravel()) for m, t in zip(levels, true, strict=True)
    ]
    np.testing.assert_allclose(found, exact, atol=1e-12)


def test_steps_of_an_eight_bit_mask_fall_into_bins_of_their_own():
    steps = np.arange(256, dtype=np.float32).reshape(1, 1, 256) / 255

    counts = metrics.pixel_histogram(steps, np.zeros((1, 1, 256), bool))

    assert counts.shape == (1, 2, BINS) and counts.max() == 1 and counts.sum() == 256


def test_one_map_for_all_faces(faces):
    maps, true = faces

    counts = metrics.pixel_histogram(maps[0], true)

    same = metrics.pixel_histogram(np.broadcast_to(maps[0], true.shape), true)
    np.testing.assert_array_equal(counts, same)


def test_limits():
    true = np.array([[[True, False]], [[False, False]], [[True, True]]])
    perfect = metrics.pixel_histogram(true.astype(float), true)
    constant = metrics.pixel_histogram(np.full(true.shape, 0.3), true)

    found = metrics.histogram_auc(perfect)
    np.testing.assert_array_equal(found, [1.0, np.nan, np.nan])
    assert metrics.histogram_auc(constant)[0] == 0.5
    assert metrics.histogram_auc_error(constant)[0] == 0.5
