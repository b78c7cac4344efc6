"""The tf.Example contract: what is written comes back, in Python and in a graph."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fakeloc_tf.data import records
from fakeloc_tf.errors import FakelocError

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
pixels = st.floats(-1e4, 1e4, width=32)


@st.composite
def face_records(draw):
    size = draw(st.integers(1, 9))
    label = draw(st.integers(0, 1))
    grey = arrays.arrays(np.uint8, (size, size))
    return records.FaceRecord(
        image_uint8=draw(arrays.arrays(np.uint8, (size, size, 3))),
        mask_uint8=draw(grey) // 128 * np.uint8(255),
        noise_uint8=draw(grey),
        mask_valid=draw(st.booleans()),
        label=label,
        method=draw(st.integers(1, 9)) if label else 0,
        dataset=draw(names),
        video_id=draw(names),
        frame=draw(st.integers(0, 2**40)),
        identities=tuple(draw(st.lists(names, max_size=3))),
        quality=draw(st.sampled_from(["raw", "c23", "c40"])),
        split=draw(st.sampled_from(records.SPLITS)),
        crop_box=draw(st.tuples(pixels, pixels, pixels, pixels)),
        face_score=draw(pixels),
        repeat=draw(st.integers(0, 9)),
    )


def assert_same(found, expected):
    for field, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(found, field), value, err_msg=field)


@settings(max_examples=50, deadline=None)
@given(face_records())
def test_decode_gives_back_what_encode_wrote(record):
    assert_same(records.decode(records.encode(record)), record)


@settings(max_examples=25, deadline=None)
@given(face_records())
def test_parse_reads_the_same_values_in_a_graph(record):
    parsed = tf.function(records.parse)(tf.constant(records.encode(record)))

    for name in ("image", "mask", "noise"):
        expected = getattr(record, f"{name}_uint8")
        expected = expected.reshape(*expected.shape[:2], -1)
        np.testing.assert_array_equal(parsed[name], expected, err_msg=name)
    for name in ("mask_valid", "label", "method", "frame"):
        assert parsed[name].numpy() == getattr(record, name), name
    for name in ("dataset", "video_id", "quality"):
        assert parsed[name].numpy().decode() == getattr(record, name), name


@given(face_records())
@settings(max_examples=10, deadline=None)
def test_the_same_record_gives_the_same_bytes(record):
    assert records.encode(record) == records.encode(record)


@pytest.mark.parametrize("data", [b"", b"\x07\xff rubbish", b"\x0a\x00"])
def test_bytes_that_are_no_record_are_refused_by_name(data):
    with pytest.raises(FakelocError, match=r"shard 3 is not a fakeloc face record"):
        records.decode(data, "shard 3")
