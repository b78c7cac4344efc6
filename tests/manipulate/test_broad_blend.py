"""Self-blended faces in their breadth: exact masks, and changes that change."""

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.manipulate import broad_blend as module
from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.source_changes import CHANGES


@pytest.fixture(scope="module")
def face():
    portrait = load_portraits(3)[0]
    return portrait.image(), portrait.landmarks


def test_what_is_not_masked_is_not_touched(face):
    for number in range(20):
        made = module.broad_blend(*face, np.random.default_rng(number))
        outside = made.mask_uint8 == 0
        np.testing.assert_array_equal(made.image_uint8[outside], face[0][outside])
        assert (made.image_uint8[~outside] != face[0][~outside]).any()


def test_a_face_of_another_picture_leaves_the_rest_too(face):
    image, points = face
    for number in range(8):
        rng = np.random.default_rng(number)
        changed = module.changed_picture(image, points, rng)
        assert (changed != image).mean() > 0.1
        made = module.broad_blend(changed, points, rng, source_uint8=image)
        outside = made.mask_uint8 == 0
        np.testing.assert_array_equal(made.image_uint8[outside], changed[outside])


def test_regions_are_parts_of_the_face(face):
    points = face[1]
    height, width = face[0].shape[:2]
    near = geometry.polygon(
        points.mean(0) + 1.6 * (points - points.mean(0)), height, width
    )
    areas = []
    for number in range(40):
        region = module.soft_region(
            points, np.random.default_rng(number), height, width
        )
        assert region.min() >= 0 and region.max() <= 1.0 + 1e-6
        assert region[near == 0].mean() < 0.02
        areas.append(region.sum())
    assert max(areas) > 5 * min(areas)


@pytest.mark.parametrize("change", [c for _, c in CHANGES], ids=lambda c: c.__name__)
def test_each_change_changes_and_keeps_the_shape(face, change):
    window, points, pixels = geometry.cut_face(*face)
    changed = [change(pixels, points, np.random.default_rng(n)) for n in (1, 1, 2)]
    assert changed[0].shape == pixels.shape and changed[0].dtype == np.float32
    np.testing.assert_array_equal(changed[0], changed[1])
    for one in (changed[0], changed[2]):
        assert 0.05 < np.abs(one - pixels).mean() < 60
