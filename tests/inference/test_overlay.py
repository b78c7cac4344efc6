"""Overlays: the map lands on the pixels it belongs to."""

import numpy as np
import pytest
from doubles import box
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeloc_tf.inference.overlay import DrawnFace, draw, heat, shrink
from fakeloc_tf.media.faces import CropBox, crop_box


def drawn(face, square, level):
    return DrawnFace(face, square, 0.9, "manipulated", level)


def grey(height, width):
    return np.full((height, width, 3), 90, np.uint8)


@settings(max_examples=30, deadline=None)
@given(
    left=st.integers(0, 60),
    top=st.integers(0, 40),
    side=st.integers(32, 64),
    cell=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_one_hot_quarter_of_the_map_heats_only_its_own_pixels(left, top, side, cell):
    side -= side % 4
    square = CropBox(left, top, left + side, top + side)
    level = np.zeros((16, 16), np.float32)
    row, column = cell
    level[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 1.0
    # A face far from the crop, so that box and label do not cover the map.
    image = grey(400, 400)
    picture = draw(image, [drawn(box(300, 330, 20), square, level)])
    changed = (picture != image).any(-1)[:200, :200]
    quarter = side // 4
    y, x = top + row * quarter, left + column * quarter
    # Linear interpolation bleeds by half a cell of the map.
    bleed = side // 16
    inside = changed[y + bleed : y + quarter - bleed, x + bleed : x + quarter - bleed]
    assert inside.all()
    changed[
        max(0, y - bleed) : y + quarter + bleed,
        max(0, x - bleed) : x + quarter + bleed,
    ] = False
    assert not changed.any()


def test_a_map_of_nothing_changes_nothing_and_one_of_all_is_seen():
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    np.testing.assert_array_equal(heat(image, np.zeros((20, 30))), image)
    assert (heat(image, np.ones((20, 30))) != image).any(-1).mean() > 0.95
    with pytest.raises(ValueError, match="Received"):
        heat(image, np.zeros((30, 20)))


def test_hot_is_red_and_cool_is_not():
    hot = heat(grey(4, 4), np.full((4, 4), 0.95))[0, 0].astype(int)
    cool = heat(grey(4, 4), np.full((4, 4), 0.2))[0, 0].astype(int)
    assert hot[0] > hot[2] + 60
    assert cool[2] > cool[0]


@pytest.mark.parametrize("corner", [(-10, -10), (150, 80), (0, 0), (170, 120)])
def test_boxes_and_labels_at_the_border_are_drawn(corner):
    face = box(*corner, 60)
    square = crop_box(face, 1.3, 150, 200)
    image = grey(150, 200)
    picture = draw(image, [drawn(face, square, np.zeros((8, 8), np.float32))])
    assert picture.shape == image.shape
    assert (picture == (213, 94, 0)).all(-1).sum() > 100
    assert (image == 90).all()


def test_shrink_keeps_the_aspect_and_small_pictures():
    assert shrink(grey(100, 400), 200).shape == (50, 200, 3)
    small = grey(10, 20)
    assert shrink(small, 200) is small
