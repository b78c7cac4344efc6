"""What a picture is by its content, and how large, before a pixel is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif.as_plugin import HeifImageFile

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.png_bounds import check_png

try:
    from PIL.AvifImagePlugin import AvifImageFile
except ImportError:  # Pillow before 11.3.
    AvifImageFile = None  # type: ignore[assignment,misc]

# What can be done about a picture that cannot be decoded.
SAVE_AGAIN = "copy it again, or save it as JPEG or PNG with another program"
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})

# Pillow's classes are called one by one, not through `Image.open`: that knows 40 more
# formats, among them some that start other programs, and refuses a picture of 200
# megapixels by a limit that is global to the process.
_CLASSES: dict[str, Callable[[BytesIO], Image.Image] | None] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
    "WebP": WebPImageFile,
    "AVIF": AvifImageFile,
    "HEIF": HeifImageFile,
}
FORMATS = tuple(_CLASSES)


@dataclass(frozen=True)
class PictureHeader:
    """What is known of a picture before it is decoded.

    Attributes:
        format: one of `FORMATS`.
        width: in pixels, as stored (before the EXIF rotation).
        height: in pixels, as stored.
        pillow: Pillow's lazy picture; None where Pillow has no mode for it (a TIFF of
            16 bits a channel).
    """

    format: str
    width: int
    height: int
    pillow: Image.Image | None


def format_of(data: bytes) -> str | None:
    """One of `FORMATS` by the first bytes; None where it is no such picture."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"BM"):
        return "BMP"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _format_of_brands(data)
    return None


def _format_of_brands(data: bytes) -> str | None:
    """AVIF or HEIF by the brands of an ISO base media file; None for a video."""
    end = min(struct.unpack_from(">I", data)[0], len(data), 1024)
    brands = {data[at : at + 4] for at in (8, *range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def read_header(data: bytes, source: str, max_pixels: int) -> PictureHeader:
    """Reads format and size; decodes nothing.

    Args:
        data: bytes of the whole file.
        source: how errors name it.
        max_pixels: width × height of the largest picture.

    Raises:
        FakelocError: it is no such picture, or a larger one.
    """
    kind = format_of(data)
    if kind is None:
        raise FakelocError(
            f"{source} is not a picture that can be decoded; known are "
            f"{', '.join(FORMATS)}: {SAVE_AGAIN}"
        )
    opener = _CLASSES[kind]
    if opener is None:
        raise FakelocError(f"{source}: {kind} needs Pillow 11.3 or later")
    if kind == "WebP":
        # Decoding takes 16 bytes a pixel, that of other formats 6 to 10; Pillow makes
        # two canvases as soon as it opens one.
        max_pixels //= 2
        check_size(*_webp_size(data, source), source, max_pixels)
    if kind == "PNG":
        if len(data) < 33 or data[12:16] != b"IHDR":
            raise FakelocError(
                f"{source} is not a picture that can be decoded: PNG; {SAVE_AGAIN}"
            )
        # The first header is what decoders go by; Pillow goes by the last.
        width, height = struct.unpack_from(">II", data, 16)
        check_size(width, height, source, max_pixels)
        check_png(data, source)
    try:
        pillow = opener(BytesIO(data))
        width, height = pillow.size
    # A stranger's bytes: Pillow's parsers raise whatever they stumble over.
    except Exception as error:
        if kind == "TIFF" and (size := _tiff_size(data)):
            width, height = size
            check_size(width, height, source, max_pixels)
            return PictureHeader(kind, width, height, None)
        raise FakelocError(
            f"{source} is damaged or cut off and cannot be decoded: {kind}, {error}; "
            f"{SAVE_AGAIN}"
        ) from error
    check_size(width, height, source, max_pixels)
    return PictureHeader(kind, width, height, pillow)


def check_size(width: int, height: int, source: str, max_pixels: int) -> None:
    """Refuses a picture without pixels or with more than `max_pixels`.

    Raises:
        FakelocError: it names the size, the limit and the way out.
    """
    if width < 1 or height < 1:
        raise FakelocError(f"{source} has no pixels: {width} x {height}; {SAVE_AGAIN}")
    if width * height > max_pixels:
        raise FakelocError(
            f"{source} is too large: {width} x {height} = {width * height} pixels; "
            f"at most {max_pixels} are read: cut out the faces, or save it smaller"
        )


def _webp_size(data: bytes, source: str) -> tuple[int, int]:
    """(width, height) of the canvas (RFC 9649, sections 2.5 to 2.7)."""
    if len(data) >= 30:
        if data[12:16] == b"VP8X":
            low = int.from_bytes(data[24:27], "little")
            return low + 1, int.from_bytes(data[27:30], "little") + 1
        if data[12:16] == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        if data[12:16] == b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise FakelocError(
        f"{source} is not a picture that can be decoded: damaged WebP; {SAVE_AGAIN}"
    )


def _tiff_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) by the tags of the first directory; None where damaged."""
    try:
        tags: Any = ImageFileDirectory_v2(data[:8])
        file = BytesIO(data)
        file.seek(tags.next)
        tags.load(file)
        size = int(tags[256]), int(tags[257])
        if 322 in tags:
            # A tile is decoded whole, however small the picture.
            size = max(size[0], int(tags[322])), max(size[1], int(tags[323]))
        return size
    except Exception:  # As above.
        return None
