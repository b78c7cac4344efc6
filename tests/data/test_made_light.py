"""Light of made scenes."""

import numpy as np
import pytest

from fakeloc_tf.data.made import light
from fakeloc_tf.data.portraits import load_portraits


@pytest.fixture(scope="module")
def face():
    portrait = load_portraits(3)[0]
    return portrait.image(), portrait.landmarks


def test_equal_draws_give_equal_light_and_scenes_get_darker(face):
    image, points = face
    seen = [light.lit(image, points, np.random.default_rng(n)) for n in range(40)]
    again = light.lit(image, points, np.random.default_rng(7))
    np.testing.assert_array_equal(again, seen[7])
    for one in seen:
        assert one.shape == image.shape and one.dtype == np.uint8
    means = np.array([one.mean() for one in seen])
    assert np.median(means) < 0.85 * image.mean()
    assert means.std() > 0.15 * image.mean()


def test_shine_only_brightens_and_lies_in_the_face(face):
    image, points = face
    before = image.astype(np.float32)
    far = np.ones(image.shape[:2], bool)
    low, high = points.min(0) - 90, points.max(0) + 90
    far[max(0, int(low[1])) : int(high[1]), max(0, int(low[0])) : int(high[0])] = False
    for number in range(12):
        added = light._shine(before, points, np.random.default_rng(number)) - before
        assert added.min() >= 0 and 5 < added.max() <= 151
        assert not far.any() or added[far].max() < 1


def test_relief_keeps_the_mean_and_scales_the_rest(face):
    image, points = face
    before = image.astype(np.float32)
    ratios = []
    for number in range(12):
        after = light._relief(before, points, np.random.default_rng(number))
        assert after.mean() == pytest.approx(before.mean(), abs=0.5)
        ratios.append(np.abs(np.diff(after, axis=0)).mean())
    ratios = np.array(ratios) / np.abs(np.diff(before, axis=0)).mean()
    assert ratios.min() < 0.95 and ratios.max() > 1.3


def test_patches_are_smooth_and_bounded():
    flat = np.full((120, 120, 3), 100, np.float32)
    for number in range(12):
        after = light._patches(flat, np.random.default_rng(number))
        assert 20 < after.min() < after.max() < 320
        assert after.std() > 1
