"""A picture through a codec: the same each time, and worse with fewer bits."""

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.one_frame import jpeg_frame, quick_h264_frame


@pytest.fixture(scope="module")
def image():
    return load_portraits(3)[0].image()[:201, :133]


@pytest.mark.parametrize(
    ("frame", "settings"),
    [(jpeg_frame, (95, 60, 30)), (quick_h264_frame, (18, 28, 40))],
)
def test_fewer_bits_change_more(image, frame, settings):
    errors = []
    for setting in settings:
        seen = frame(image, setting)
        assert (seen.shape, seen.dtype) == (image.shape, np.uint8)
        np.testing.assert_array_equal(seen, frame(image, setting))
        errors.append(np.abs(seen.astype(int) - image).mean())
    assert 0 < errors[0] < errors[1] < errors[2] < 12
