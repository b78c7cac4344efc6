"""Pictures: read (EXIF rotation honoured), write, PNG bytes to and from arrays."""

from __future__ import annotations

import os
import struct

import cv2
import numpy as np
from PIL import Image, ImageOps

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_bytes
from fakeloc_tf.media.compression import jpeg_layout
from fakeloc_tf.media.picture_header import SAVE_AGAIN, read_header
from fakeloc_tf.media.regular import MAX_FILE_BYTES, read_regular

IMAGE_SUFFIXES = frozenset(
    ".jpg .jpeg .jfif .png .webp .bmp .tif .tiff .gif .heic .heif .avif".split()
)
JPEG_QUALITY = 85
# The largest sensors of telephones give 16320 x 12240. Decoding one of these takes 1.2
# GB at its peak (JPEG, progressive or not), one of 12000 x 9000 0.6 GB.
MAX_PIXELS = 200_000_000
# Encoders write about ten; each costs a pass over the whole picture.
MAX_JPEG_SCANS = 64
_STRIP = 256
_MODES_WITH_ALPHA = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


def read_image(
    path: str | os.PathLike[str],
    max_pixels: int = MAX_PIXELS,
    max_bytes: int = MAX_FILE_BYTES,
) -> np.ndarray:
    """Reads a picture as uint8 [H, W, 3] RGB, turned as its EXIF orientation says.

    Args:
        path: a regular file; what it is, is told by its content, not by its suffix.
        max_pixels: see `decode_image`.
        max_bytes: larger files are refused.

    Raises:
        FakelocError: the file is missing, empty, no picture or too large.
    """
    return decode_image(read_regular(path, max_bytes), str(path), max_pixels)


def decode_image(
    data: bytes, source: str = "picture", max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Decodes a JPEG, PNG, WebP, BMP, TIFF, GIF, HEIF or AVIF.

    Of several pictures in a file it is the first. Transparent parts become white, 16
    bits become 8, CMYK and palettes become RGB.

    Args:
        data: bytes of the whole file.
        source: how errors name it.
        max_pixels: width × height of the largest picture; looked at before anything
            is decoded.

    Returns:
        uint8 [H, W, 3] RGB, turned as the EXIF orientation says.

    Raises:
        FakelocError: `data` is empty, no picture, half of one, or too large.
    """
    if not data:
        raise FakelocError(f"{source} is empty (0 bytes): copy it again")
    if _is_cut_jpeg(data) or _is_cut_webp(data):
        raise FakelocError(
            f"{source} breaks off: zeros follow, as after an interrupted copy: "
            "copy it again"
        )
    header = read_header(data, source, max_pixels)
    if header.format == "JPEG":
        _check_scans(data, source)
    pillow = header.pillow
    if pillow is None or _is_for_opencv(header.format, pillow):
        return _decode_opencv(data, source)
    try:
        return _decode_pillow(pillow)
    # A stranger's bytes: Pillow's decoders raise whatever they stumble over.
    except Exception as error:
        raise FakelocError(
            f"{source} is damaged or cut off and cannot be decoded: "
            f"{header.format}, {error}; {SAVE_AGAIN}"
        ) from error


def _is_for_opencv(kind: str, image: Image.Image) -> bool:
    """Whether OpenCV decodes it: the records of training were made with its pixels.

    It has no HEIF, AVIF and GIF (before 4.11), drops transparency, and does not turn
    WebP. A TIFF of 16 bits a channel, which Pillow does not know, comes to it too.
    """
    return kind == "JPEG" or (kind == "PNG" and not _is_transparent(image))


def _is_transparent(image: Image.Image) -> bool:
    """Whether it has an alpha channel or a transparent colour that Pillow applies."""
    if image.mode in _MODES_WITH_ALPHA:
        return True
    return "transparency" in image.info and not image.mode.startswith("I")


def _decode_opencv(data: bytes, source: str) -> np.ndarray:
    """uint8 [H, W, 3] RGB, EXIF orientation applied (JPEG, PNG, TIFF)."""
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise _undecodable(source) from error
    if bgr is None:
        raise _undecodable(source)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _undecodable(source: str) -> FakelocError:
    return FakelocError(
        f"{source} is not a picture that can be decoded; it is damaged or breaks off: "
        f"{SAVE_AGAIN}"
    )


def _decode_pillow(image: Image.Image) -> np.ndarray:
    """uint8 [H, W, 3] RGB of an opened picture of any mode, over white."""
    if image.mode in ("I", "F"):
        raise ValueError("32 bits a channel; save it with 8 or 16")
    ImageOps.exif_transpose(image, in_place=True)
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    # In strips: each step on a whole picture would cost four bytes more a pixel.
    for top in range(0, image.height, _STRIP):
        bottom = min(top + _STRIP, image.height)
        rgb[top:bottom] = _strip_rgb(image.crop((0, top, image.width, bottom)))
    return rgb


def _strip_rgb(strip: Image.Image) -> np.ndarray:
    """uint8 [H, W, 3] RGB."""
    if strip.mode.startswith("I;16"):
        return np.asarray(strip.convert("I"))[..., None] >> 8
    if _is_transparent(strip):
        white = Image.new("RGBA", strip.size, (255, 255, 255, 255))
        strip = Image.alpha_composite(white, strip.convert("RGBA"))
    return np.asarray(strip.convert("RGB"))


def _check_scans(data: bytes, source: str) -> None:
    """Refuses a JPEG that would take minutes to decode."""
    scans = jpeg_layout(data).scans
    if scans > MAX_JPEG_SCANS:
        raise FakelocError(
            f"{source} is a JPEG of {scans} scans; at most {MAX_JPEG_SCANS} are read: "
            "save it again with another program"
        )


def _is_cut_jpeg(data: bytes) -> bool:
    """Whether zeros stand for the rest of a JPEG; decoders make them grey.

    Copies that reserve the file's size first leave this behind. Cameras pad whole files
    with zeros as well, after the end-of-image marker (ISO 10918-1, B.1.1.3).
    """
    if not (data.startswith(b"\xff\xd8") and data.endswith(bytes(64))):
        return False
    return not data.rstrip(b"\0").endswith(b"\xff\xd9")


def _is_cut_webp(data: bytes) -> bool:
    """Whether zeros stand for the rest of a WebP; decoders fill them in silence.

    Its chunks are walked over (RFC 9649, section 2.3): zeros in the place of a chunk's
    name, or at the end of coded pixels, which an arithmetic coder does not write.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or not data.endswith(bytes(64)):
        return False
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    position, name = 12, b""
    while position + 8 <= end:
        name = data[position : position + 4]
        if name == bytes(4):
            return True
        size = struct.unpack_from("<I", data, position + 4)[0]
        position += 8 + size + size % 2
    return end == len(data) and name in (b"VP8 ", b"VP8L", b"ANMF")


def to_grey(levels: np.ndarray) -> np.ndarray:
    """Levels in 0..1, such as a map → uint8 of the same shape, rounded; 255 = 1.

    What lies outside is clipped.
    """
    return np.round(255 * np.clip(levels, 0.0, 1.0)).astype(np.uint8)


def encode_png(image_uint8: np.ndarray, small: bool = False) -> bytes:
    """PNG bytes of uint8 [H, W, 3] RGB, [H, W, 4] RGBA or [H, W] grey.

    Args:
        image_uint8: the picture.
        small: take more time for fewer bytes (a third for a smooth map).
    """
    if image_uint8.dtype != np.uint8:
        raise ValueError(
            f"`image_uint8` must be uint8. Received: dtype={image_uint8.dtype}"
        )
    if image_uint8.ndim == 3:
        clear = image_uint8.shape[2] == 4
        swap = cv2.COLOR_RGBA2BGRA if clear else cv2.COLOR_RGB2BGR
        image_uint8 = cv2.cvtColor(image_uint8, swap)
    options = [cv2.IMWRITE_PNG_COMPRESSION, 6] if small else []
    done, data = cv2.imencode(".png", image_uint8, options)
    if not done:
        raise ValueError(f"PNG encoding failed. Received: shape={image_uint8.shape}")
    return data.tobytes()


def encode_jpeg(image_uint8: np.ndarray, quality: int = JPEG_QUALITY) -> bytes:
    """JPEG bytes of uint8 [H, W, 3] RGB; `quality` in 0..100."""
    bgr = cv2.cvtColor(image_uint8, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"JPEG encoding failed. Received: shape={image_uint8.shape}")
    return data.tobytes()


def decode_png(data: bytes) -> np.ndarray:
    """uint8 [H, W, 3] RGB or [H, W] grey, as the PNG holds it."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FakelocError(f"PNG bytes cannot be decoded ({len(data)} bytes)")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def write_png(path: str | os.PathLike[str], image_uint8: np.ndarray) -> None:
    """Writes uint8 RGB or grey as PNG: whole, or not at all."""
    write_bytes(path, encode_png(image_uint8))
