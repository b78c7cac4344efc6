"""Pictures: what comes back is what was written; what is no picture is refused."""

import struct

import cv2
import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import (
    decode_image,
    decode_png,
    encode_png,
    read_image,
    write_png,
)


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (7, 5, 3), np.uint8)


def test_png_keeps_every_pixel_of_colour_and_grey(picture):
    np.testing.assert_array_equal(decode_png(encode_png(picture)), picture)
    np.testing.assert_array_equal(
        decode_png(encode_png(picture[..., 0])), picture[..., 0]
    )


def test_a_written_png_is_read_back_and_leaves_no_other_file(tmp_path, picture):
    write_png(tmp_path / "a.png", picture)

    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_channels_come_as_red_green_blue(tmp_path):
    red_bgr = np.zeros((4, 4, 3), np.uint8)
    red_bgr[..., 2] = 255
    cv2.imwrite(str(tmp_path / "red.bmp"), red_bgr)

    assert read_image(tmp_path / "red.bmp")[0, 0].tolist() == [255, 0, 0]


def test_grey_and_transparent_pictures_become_three_channels(picture):
    grey = cv2.imencode(".png", picture[..., 0])[1].tobytes()
    with_alpha = cv2.imencode(".png", np.dstack([picture, picture[..., :1]]))[1]

    assert decode_image(grey).shape == (7, 5, 3)
    assert decode_image(with_alpha.tobytes()).shape == (7, 5, 3)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF block that has only the tag 0x0112."""
    tiff = b"MM\x00\x2a" + struct.pack(
        ">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0
    )
    block = b"Exif\x00\x00" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def test_a_phone_picture_is_turned_as_its_exif_says():
    # Orientation 6: the sensor's top row is the right column of what is shown.
    image = np.zeros((32, 64, 3), np.uint8)
    image[:16] = 255
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()

    shown = decode_image(with_exif_orientation(jpeg, 6))

    assert shown.shape == (64, 32, 3)
    assert shown[:, 20:].min() > 200
    assert shown[:, :12].max() < 50


def test_what_is_no_picture_is_refused_by_name(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")

    with pytest.raises(FakelocError, match=r"empty\.jpg is empty"):
        read_image(tmp_path / "empty.jpg")
    with pytest.raises(FakelocError, match=r"text\.jpg is not a picture"):
        read_image(tmp_path / "text.jpg")
    with pytest.raises(FakelocError, match=r"gone\.jpg cannot be read"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(FakelocError, match="cannot be decoded"):
        decode_png(b"\x89PNG")


def test_a_jpeg_whose_rest_is_zeros_is_refused_a_padded_one_is_not(picture):
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    half = len(jpeg) // 2

    with pytest.raises(FakelocError, match="face.jpg breaks off"):
        decode_image(jpeg[:half] + bytes(len(jpeg) - half), "face.jpg")
    np.testing.assert_array_equal(decode_image(jpeg + bytes(512)), decode_image(jpeg))


def test_only_bytes_go_into_a_png():
    with pytest.raises(ValueError, match="dtype=float32"):
        encode_png(np.zeros((4, 4, 3), np.float32))
