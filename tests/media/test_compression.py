"""The quality of a JPEG is read off its tables; its segments are walked over."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from fakeloc_tf.media.compression import jpeg_layout, jpeg_quality

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)


def by_pillow(quality, **options) -> bytes:
    file = BytesIO()
    Image.fromarray(PICTURE).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


@pytest.mark.parametrize("quality", [10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95])
def test_the_quality_of_pillow_and_opencv_is_found(quality):
    by_opencv = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]

    assert jpeg_quality(by_pillow(quality)) == quality
    assert jpeg_quality(by_pillow(quality, progressive=True)) == quality
    assert jpeg_quality(by_opencv.tobytes()) == quality


def test_a_grey_jpeg_has_a_quality_too():
    grey = cv2.imencode(".jpg", PICTURE[..., 0], [cv2.IMWRITE_JPEG_QUALITY, 65])[1]

    assert jpeg_quality(grey.tobytes()) == 65


def test_tables_of_other_makers_get_the_nearest():
    near = [max(1, value + 1) for value in table_of(70)]

    # Pillow scales given tables by the quality; 50 leaves them as they are.
    assert abs(jpeg_quality(by_pillow(50, qtables=[near, near])) - 70) <= 3


def table_of(quality: int) -> list[int]:
    return list(Image.open(BytesIO(by_pillow(quality))).quantization[0])


def test_what_is_no_jpeg_or_has_no_table_has_no_quality():
    png = BytesIO()
    Image.fromarray(PICTURE).save(png, "PNG")
    jpeg = by_pillow(80)

    assert jpeg_quality(b"") is None
    assert jpeg_quality(png.getvalue()) is None
    assert jpeg_quality(b"\xff\xd8\xff\xd9") is None
    assert jpeg_quality(jpeg[:20]) is None


def test_the_layout_counts_scans_and_sees_the_end():
    plain, progressive = by_pillow(80), by_pillow(80, progressive=True)

    assert (jpeg_layout(plain).scans, jpeg_layout(plain).complete) == (1, True)
    assert 5 <= jpeg_layout(progressive).scans <= 12
    assert jpeg_layout(progressive).complete
    assert not jpeg_layout(progressive[:-40]).complete
    assert jpeg_layout(plain + progressive).scans == 1
