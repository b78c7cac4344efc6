"""Encoded crops in the graph: what each kind of picture becomes, what is refused."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fakeloc_tf.media.images import MAX_JPEG_SCANS, decode_image, encode_png
from fakeloc_tf.serving.exports.pictures import MAX_PIXELS, decode_crops

SIZE = 64


@pytest.fixture(scope="module")
def decode():
    spec = [tf.TensorSpec([None], tf.string)]
    graph = tf.function(lambda rows: decode_crops(rows, SIZE), input_signature=spec)

    def run(*encoded):
        faces, status = graph(tf.constant(encoded, tf.string))
        return faces.numpy(), [text.decode() for text in status.numpy()]

    return run


def colours():
    """uint8 [64, 64, 3]: smooth, of many colours."""
    noise = np.random.default_rng(4).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return cv2.resize(noise, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def saved(mode="RGB", kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(colours()).convert(mode).save(file, kind, **options)
    return file.getvalue()


def with_alpha():
    alpha = np.tile(np.arange(SIZE, dtype=np.uint8) * 4, (SIZE, 1))
    return encode_png(np.dstack([colours(), alpha]))


def of_16_bits():
    deep = colours().astype(np.uint16) * 257
    return cv2.imencode(".png", deep[..., ::-1])[1].tobytes()


KINDS = {
    "PNG": saved(),
    "grey PNG": saved("L"),
    "grey PNG with alpha": saved("LA"),
    "palette PNG": saved("P"),
    "PNG of 16 bits": of_16_bits(),
    "transparent PNG": with_alpha(),
    "JPEG": saved(kind="JPEG"),
    "progressive JPEG": saved(kind="JPEG", progressive=True),
    "JPEG without subsampling": saved(kind="JPEG", subsampling=0),
    "grey JPEG": saved("L", "JPEG"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_becomes_what_it_becomes_in_detect(decode, kind):
    faces, status = decode(KINDS[kind])
    assert status == ["ok"]
    # Half a level: there, transparent parts are blended in whole levels.
    allowed = 1.0 if kind == "transparent PNG" else 0.0
    wanted = decode_image(KINDS[kind]).astype(np.float32)
    assert np.abs(faces[0] - wanted).max() <= allowed
    assert faces[0].std() > 20


def test_cmyk_becomes_its_colours(decode):
    faces, status = decode(saved("CMYK", "JPEG", quality=95))
    assert status == ["ok"]
    assert np.abs(faces[0] - colours()).mean() < 12


def test_the_transparent_part_is_white_whatever_hides_there(decode):
    hidden = np.zeros((SIZE, SIZE, 4), np.uint8)
    faces, _ = decode(encode_png(hidden))
    assert (faces == 255).all()


def png_of(width, height):
    """A whole PNG of zeros, as few bytes as they take."""

    def chunk(name, data):
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", crc(checked))

    crc = zlib.crc32
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height), 9)
    parts = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def jpeg_that_says(side):
    """A JPEG whose header says `side` in place of 64."""
    data = bytearray(KINDS["JPEG"])
    at = data.index(b"\xff\xc0") + 5
    assert struct.unpack_from(">HH", data, at) == (SIZE, SIZE)
    struct.pack_into(">HH", data, at, side, side)
    return bytes(data)


def png_that_says(side):
    data = bytearray(KINDS["PNG"])
    struct.pack_into(">II", data, 16, side, side)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


def test_the_largest_picture_is_read_and_a_larger_one_is_not(decode):
    side = int(MAX_PIXELS**0.5)
    _, status = decode(png_of(side, side), png_of(side + 1, side), png_of(2, 3))
    assert status == ["ok", "unreadable", "ok"]


def test_a_bomb_is_refused_before_it_is_decoded(decode):
    bombs = [png_that_says(60_000), jpeg_that_says(65_000), png_of(60_000, 200)]
    decode(KINDS["PNG"])
    before = peak_megabytes()
    faces, status = decode(*bombs, KINDS["PNG"])
    assert status == ["unreadable"] * 3 + ["ok"]
    # Decoded, the first would take 10,000, the second 12,000.
    assert peak_megabytes() - before < 100
    assert (faces[:3] == 128).all()


def peak_megabytes():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_a_jpeg_of_too_many_scans_is_refused(decode):
    whole = KINDS["progressive JPEG"]
    first = whole.index(b"\xff\xda")
    second = whole.index(b"\xff\xda", first + 2)
    scan = whole[first:second]
    few = MAX_JPEG_SCANS - whole.count(b"\xff\xda")
    enough, many = (
        whole[:first] + scan * count + whole[first:] for count in (few, few + 1)
    )
    assert many.count(b"\xff\xda") == MAX_JPEG_SCANS + 1
    assert decode(enough, many, whole)[1] == ["ok", "unreadable", "ok"]


def test_no_rows_are_no_rows(decode):
    faces, status = decode()
    assert faces.shape == (0, SIZE, SIZE, 3) and status == []
