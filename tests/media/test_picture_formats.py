"""Every format comes as RGB, upright, over white, and is told by its content."""

import struct
from io import BytesIO

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image, features

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import IMAGE_SUFFIXES, decode_image, read_image
from fakeloc_tf.media.picture_header import format_of

pillow_heif.register_heif_opener()
AVIF = pytest.param(
    "AVIF",
    marks=pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF"),
)
LOSSLESS = ["PNG", "BMP", "TIFF", "WEBP"]


def noise(height=40, width=56, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def saved(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def lossless(kind):
    return {"lossless": True} if kind == "WEBP" else {}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_keep_every_pixel(kind):
    image = noise()

    np.testing.assert_array_equal(
        decode_image(saved(image, kind, **lossless(kind))), image
    )


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIF", AVIF])
def test_lossy_formats_come_close(kind):
    ramp = np.linspace(0, 255, 64, dtype=np.uint8)
    image = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[:, None], (1, 64))], 2)
    image = np.dstack([image, np.full((64, 64), 40, np.uint8)])

    found = decode_image(saved(image, kind, quality=90))

    assert np.abs(found.astype(int) - image).mean() < 6


def test_plain_jpeg_and_png_have_the_pixels_of_opencv():
    """Records of training were made with these."""
    for kind in ("JPEG", "PNG"):
        for image in (noise(), noise(channels=1)):
            data = saved(image, kind)
            bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            np.testing.assert_array_equal(decode_image(data), bgr[..., ::-1])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", AVIF])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(kind, orientation):
    # Four quarters that differ show every turn and mirror image.
    quarters = np.array([[250, 170], [90, 10]], np.uint8)
    image = np.kron(quarters, np.ones((16, 32), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {} if kind == "TIFF" else {"quality": 90}

    shown = decode_image(saved(np.dstack([image] * 3), kind, exif=exif, **options))

    expected = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.T,
        6: np.rot90(image, -1),
        7: np.rot90(image, 2).T,
        8: np.rot90(image),
    }[orientation]
    assert shown.shape[:2] == expected.shape
    assert np.abs(shown[..., 0].astype(int) - expected).mean() < 4


def test_a_heic_is_turned_once():
    image = np.zeros((64, 128, 3), np.uint8)
    image[:32] = 255
    exif = Image.Exif()
    exif[0x0112] = 6

    # Both its own rotation (irot) and the EXIF orientation, as telephones write them.
    data = saved(image, "HEIF", quality=90, exif=exif.tobytes())
    assert b"irot" in data
    shown = decode_image(data)

    assert shown.shape == (128, 64, 3)
    assert shown[:, 40:].min() > 200
    assert shown[:, :24].max() < 50


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "HEIF", AVIF])
def test_transparent_parts_become_white(kind):
    image = np.zeros((32, 32, 4), np.uint8)
    image[..., 0] = 200
    image[16:, :, 3] = 255
    image[8:16, :, 3] = 128

    shown = decode_image(saved(image, kind, **lossless(kind)))

    def close(found, wanted):
        return np.abs(found.astype(int) - wanted).max() < 12

    assert close(shown[:6], [255, 255, 255])
    assert close(shown[9:15, 4:28], [227, 127, 127])
    assert close(shown[18:], [200, 0, 0])


def test_a_transparent_colour_of_a_palette_becomes_white():
    image = Image.fromarray(np.repeat([[0], [1]], 8, axis=1).astype(np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])

    for kind in ("PNG", "GIF"):
        shown = decode_image(saved(image, kind, transparency=0))
        assert shown[0, 0].tolist() == [255, 255, 255]
        assert shown[1, 0].tolist() == [40, 50, 60]
        assert decode_image(saved(image, kind))[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_become_the_upper_eight(suffix, channels):
    image = noise(channels=channels)
    wide = image.astype(np.uint16) * 256 + 99

    data = cv2.imencode(suffix, wide)[1].tobytes()

    found = decode_image(data)
    expected = image[..., None] if channels == 1 else image[..., ::-1]
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(kind):
    image = np.full((32, 32, 3), (200, 100, 50), np.uint8)
    cmyk = Image.fromarray(image).convert("CMYK")

    found = decode_image(saved(cmyk, kind))

    assert np.abs(found.astype(int) - image).max() < 8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_every_mode_becomes_three_channels(mode, kind):
    found = decode_image(saved(Image.fromarray(noise()).convert(mode), kind))

    assert (found.shape, found.dtype) == ((40, 56, 3), np.uint8)


def test_the_first_frame_of_an_animation_is_read():
    first = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    rest = [Image.fromarray(np.zeros_like(first))]
    for kind in ("GIF", "WEBP", "PNG"):
        data = saved(
            Image.fromarray(first), kind, save_all=True, append_images=rest, duration=50
        )
        assert np.abs(decode_image(data)[8, 8].astype(int) - [255, 0, 0]).max() < 10


def test_pictures_of_many_strips_are_put_together_right():
    image = noise(700, 20)

    np.testing.assert_array_equal(decode_image(saved(image, "TIFF")), image)


def test_the_content_tells_the_format_not_the_suffix(tmp_path):
    image = noise()
    (tmp_path / "photo.jpg").write_bytes(saved(image, "PNG"))
    (tmp_path / "video.jpg").write_bytes(
        struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 0, b"isom", b"avc1")
    )
    (tmp_path / "page.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")

    np.testing.assert_array_equal(read_image(tmp_path / "photo.jpg"), image)
    for name in ("video.jpg", "page.png"):
        with pytest.raises(FakelocError, match=f"{name} is not a picture"):
            read_image(tmp_path / name)


def test_formats_that_start_other_programs_are_not_known():
    """Ghostscript stands behind EPS in Pillow; OpenCV has many rare ones."""
    for data in (
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"P6\n1 1\n255\n\0\0\0",
        b"#?RADIANCE\n",
    ):
        assert format_of(data) is None
        with pytest.raises(FakelocError, match="known are JPEG"):
            decode_image(data)


def test_suffixes_of_telephones_are_among_the_pictures():
    assert {".heic", ".heif", ".gif", ".jpg", ".avif"} <= IMAGE_SUFFIXES


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "HEIF", AVIF])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_a_file_is_refused(kind, share):
    data = saved(noise(), kind)

    with pytest.raises(FakelocError, match=r"face\.bin"):
        decode_image(data[: int(share * len(data))], "face.bin")


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("options", [{}, {"lossless": True}])
def test_zeros_in_the_place_of_the_rest_are_refused(kind, options):
    data = saved(noise(80, 80), kind, **options)
    kept = 2 * len(data) // 3

    with pytest.raises(FakelocError, match=r"face\.bin"):
        decode_image(data[:kept] + bytes(len(data) - kept), "face.bin")
    # Padding after the end is harmless.
    assert decode_image(data + bytes(512)).shape == (80, 80, 3)


def test_a_tiff_of_floats_says_how_to_save_it():
    data = saved(Image.fromarray(np.zeros((8, 8), np.float32)), "TIFF")

    with pytest.raises(FakelocError, match="save it with 8 or 16"):
        decode_image(data)


def test_a_damaged_png_is_refused():
    data = bytearray(saved(noise(), "PNG"))
    data[len(data) // 2] ^= 0xFF

    with pytest.raises(FakelocError, match="not a picture"):
        decode_image(bytes(data))
