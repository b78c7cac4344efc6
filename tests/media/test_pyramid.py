"""Levels of the pyramid: those of dlib's own chain of resizings."""

import dlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.pyramid import (
    BOX_SIDE,
    level_at,
    level_for,
    level_image,
    resizing,
)


@pytest.fixture(scope="module")
def image():
    return load_portraits(3)[0].image()


def dlibs_chain(image, level):
    """The doubled frame, then dlib's own steps of 5/6."""
    height, width, _ = image.shape
    step = dlib.pyramid_down(6)
    image = dlib.resize_image(image, 2 * height + 1, 2 * width + 2)
    for _ in range(level):
        image = step(image)
    return image


@pytest.mark.parametrize("level", [0, 1, 4, 9])
def test_a_level_is_the_picture_that_dlib_makes_step_by_step(image, level):
    expected = dlibs_chain(image, level).astype(int)
    found = level_image(image, level)

    assert found.shape == expected.shape
    # dlib cuts fractions off at each step, level + 1 times: half a grey level each.
    difference = found - expected
    assert abs(np.median(difference) - (level + 1) / 2) <= 1.5
    # Ten roundings of 0.29 levels each, more where the picture is flat and they repeat.
    assert difference.std() < 1.3
    # It can tell a copy that is half a pixel off.
    halfway = (found[:, 1:].astype(int) + found[:, :-1]) / 2
    assert (halfway - expected[:, 1:]).std() > 1.3


@given(
    st.integers(1, 300), st.integers(1, 300), st.integers(0, 20), st.integers(0, 255)
)
def test_a_level_of_a_uniform_frame_is_uniform(height, width, level, value):
    image = np.full((height, width, 3), value, np.uint8)

    copy = level_image(image, level)
    assert min(copy.shape) >= 1
    assert (copy == value).all()


@given(st.integers(2, 400), st.integers(0, 8))
def test_resizing_keeps_the_ends_where_they_are(length, level):
    ramp = resizing(length, 2, level) @ np.arange(length, dtype=np.float32)

    expected = np.linspace(0, length - 1, len(ramp))
    np.testing.assert_allclose(ramp, expected, atol=1e-3)


@given(st.floats(0.01, 2.0))
def test_the_level_of_a_scale_is_the_coarsest_that_is_not_smaller(scale):
    level = level_at(scale)

    assert 2.0 / 1.2**level >= scale * (1 - 1e-6)
    assert 2.0 / 1.2 ** (level + 1) < scale


@given(st.integers(0, 15), st.floats(0.95, 1.05))
def test_the_level_of_a_box_is_that_of_its_side(level, error):
    assert level_for(BOX_SIDE * 1.2**level * error) == level


def test_faces_below_the_smallest_box_are_at_the_first_level():
    assert level_for(5.0) == 0
