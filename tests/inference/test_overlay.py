"""Overlays: the map lands on the pixels it belongs to."""

from dataclasses import replace

import numpy as np
import pytest
from doubles import box
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeloc_tf.inference.overlay import COLORS, DrawnFace, draw, heat, scene, shrink
from fakeloc_tf.inference.verdict import ALL
from fakeloc_tf.media.faces import CropBox, crop_box


def drawn(face, square, level, verdict="likely_manipulated"):
    return DrawnFace(face, square, 0.9, verdict, level)


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
    assert (picture == (190, 75, 0)).all(-1).sum() > 100
    assert (image == 90).all()


def luminance(color):
    """Relative luminance, WCAG 2.2."""
    share = np.array(color) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_verdict_has_a_label_that_can_be_read():
    assert set(COLORS) == set(ALL)
    for paint, ink in COLORS.values():
        assert contrast(paint, ink) >= 4.5


def labels(image, track=None):
    face = drawn(box(30, 60, 40), CropBox(0, 0, 8, 8), np.zeros((8, 8)), "not_sure")
    picture = draw(image, [replace(face, track=track)])
    return (picture == COLORS["not_sure"][0]).all(-1).any(0).nonzero()[0]


def test_a_label_that_is_too_long_for_the_picture_is_shorter():
    wide, narrow = labels(grey(120, 400)), labels(grey(120, 100))
    assert np.ptp(wide) > 100
    assert np.ptp(narrow) < 60 and narrow.max() < 99
    assert np.ptp(labels(grey(120, 400), track=7)) < 100


def test_a_scene_is_small_and_marks_one_face_without_its_map():
    image = grey(600, 800)
    face = drawn(box(300, 300, 200), CropBox(280, 280, 520, 520), np.ones((8, 8)))
    small = scene(image, face, 400)
    assert small.shape == (300, 400, 3) and (image == 90).all()
    marked = (small != 90).any(-1)
    assert marked[200, 150] and marked[200, 249] and marked[249, 200]
    assert not marked[165:240, 165:240].any() and not marked[160:, 260:].any()
    assert scene(grey(30, 40), face, 400).shape == (30, 40, 3)


def test_shrink_keeps_the_aspect_and_small_pictures():
    assert shrink(grey(100, 400), 200).shape == (50, 200, 3)
    small = grey(10, 20)
    assert shrink(small, 200) is small
