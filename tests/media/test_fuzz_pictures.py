"""Damaged pictures: a picture or a `FakelocError`, within seconds, nothing else."""

import time
from functools import cache
from io import BytesIO

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutations import mutated, mutations, places
from PIL import Image, features

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.compression import jpeg_quality
from fakeloc_tf.media.images import decode_image

LIMIT_SECONDS = 5
MAX_PIXELS = 4_000_000


@cache
def seeds() -> list[bytes]:
    """Small valid files of every format and of most of their kinds."""
    pillow_heif.register_heif_opener()
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (24, 40, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "words"
    wide = Image.fromarray(rng.integers(0, 65536, (24, 40), np.uint16))
    kinds = [
        ("JPEG", picture, {"exif": exif}),
        ("JPEG", picture.convert("CMYK"), {}),
        ("JPEG", picture, {"progressive": True, "comment": b"words"}),
        ("PNG", picture, {"exif": exif}),
        ("PNG", picture.convert("RGBA"), {}),
        ("PNG", picture.convert("P"), {"transparency": 3}),
        ("PNG", wide, {}),
        ("WEBP", picture, {"exif": exif}),
        ("WEBP", picture.convert("RGBA"), {"lossless": True}),
        ("WEBP", picture, {"save_all": True, "append_images": [picture]}),
        ("GIF", picture.convert("P"), {"save_all": True, "append_images": [picture]}),
        ("BMP", picture, {}),
        ("BMP", picture.convert("P"), {}),
        ("TIFF", picture, {"exif": exif}),
        ("TIFF", picture, {"compression": "tiff_lzw"}),
        ("TIFF", picture, {"compression": "tiff_adobe_deflate"}),
        ("TIFF", picture, {"compression": "jpeg"}),
        ("TIFF", wide, {"big_tiff": True}),
        ("HEIF", picture, {"exif": exif.tobytes()}),
        ("HEIF", picture.convert("RGBA"), {}),
    ]
    if features.check("avif"):
        kinds.append(("AVIF", picture.convert("RGBA"), {"exif": exif}))
    return [_saved(*kind) for kind in kinds] + [_tiff_of_16_bits()]


def _saved(kind, image, options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _tiff_of_16_bits() -> bytes:
    import cv2

    image = np.arange(24 * 40 * 3, dtype=np.uint16).reshape(24, 40, 3) * 20
    return cv2.imencode(".tiff", image)[1].tobytes()


def check(data: bytes) -> None:
    start = time.process_time()
    try:
        image = decode_image(data, "fuzz.bin", max_pixels=MAX_PIXELS)
    except FakelocError as error:
        assert "fuzz.bin" in str(error)
    else:
        assert image.dtype == np.uint8
        assert image.ndim == 3 and image.shape[2] == 3
        assert image.shape[0] * image.shape[1] <= MAX_PIXELS
    quality = jpeg_quality(data)
    assert quality is None or 1 <= quality <= 100
    assert time.process_time() - start < LIMIT_SECONDS


def test_every_seed_is_a_picture():
    for data in seeds():
        decode_image(data)


numbers = st.integers(0, 21)
damaged = given(numbers, mutations(), numbers, st.one_of(st.just(0.0), places()))


def damage(number, changes, other, splice):
    files = seeds()
    data, end = files[number % len(files)], files[other % len(files)]
    check(mutated(data, changes, end, splice))


quiet = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=400, **quiet)
@damaged
def test_400_damaged_pictures(number, changes, other, splice):
    damage(number, changes, other, splice)


@pytest.mark.slow
@settings(max_examples=20_000, **quiet)
@damaged
def test_20_000_damaged_pictures(number, changes, other, splice):
    damage(number, changes, other, splice)


@settings(max_examples=200, **quiet)
@given(
    st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0"]
        + [b"RIFF\xff\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif"]
    ),
    st.binary(max_size=300),
)
@example(b"\x89PNG\r\n\x1a\n", b"\0\0\0\x0dIHDR")
def test_200_beginnings_with_anything_behind_them(start, rest):
    check(start + rest)
