"""Limits of an upload."""

import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import write_png
from fakeloc_tf.web.limits import MB, Limits

LIMITS = Limits(max_mb=1, max_seconds=2, time_limit=10)


def test_a_small_file_passes(tmp_path):
    write_png(tmp_path / "a.png", np.zeros((40, 30, 3), np.uint8))
    LIMITS.check(tmp_path / "a.png")


def test_a_file_may_have_the_limit_and_not_a_byte_more(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(bytes(MB))
    LIMITS.check(path)
    path.write_bytes(bytes(MB + 1))
    with pytest.raises(FakelocError, match="at most 1 MB"):
        LIMITS.check(path)


@pytest.mark.parametrize("name", ["max_mb", "max_seconds", "time_limit"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_are_above_zero(name, value):
    values = {"max_mb": 1, "max_seconds": 1, "time_limit": 1} | {name: value}
    with pytest.raises(FakelocError, match=name):
        Limits(**values)
