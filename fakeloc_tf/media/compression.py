"""How strongly a JPEG was compressed, and how a JPEG is laid out (ISO 10918-1)."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

# Luminance table of annex K.1, in rows: what most encoders scale by the quality.
_LUMINANCE = np.array(
    """
    16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56
    14 17 22 29 51 87 80 62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92
    49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99
    """.split(),
    np.float64,
)
# Entropy-coded data go on over stuffed zeros and restart markers (B.1.1.5).
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_END, _SCAN = 0xD9, 0xDA
# Markers without a segment: TEM, SOI.
_ALONE = (0x01, 0xD8)


def jpeg_quality(data: bytes) -> int | None:
    """The quality, 1..100, whose luminance table is the nearest to that of a JPEG.

    It is the scale of libjpeg, Pillow and OpenCV. Cameras and Photoshop have tables of
    their own: for them it is the nearest of libjpeg's. A picture that was saved more
    than once shows only its last quality.

    Args:
        data: bytes of a file; the pixels are not decoded.

    Returns:
        None where `data` is no JPEG or has no table.
    """
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    try:
        tables = JpegImageFile(BytesIO(data)).quantization
    # Pillow's parsers raise whatever a damaged header makes them stumble over.
    except Exception:
        return None
    if not tables:
        return None
    table = np.asarray(tables[min(tables)], np.float64)
    if table.shape != (64,):
        return None
    distance = np.abs(_tables_of_qualities() - table).mean(axis=1)
    return int(distance.argmin()) + 1


def _tables_of_qualities() -> np.ndarray:
    """float64 [100, 64]: libjpeg's luminance table of the qualities 1 to 100."""
    quality = np.arange(1, 101, dtype=np.float64)[:, None]
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    return np.clip((_LUMINANCE * percent + 50) // 100, 1, 255)


@dataclass(frozen=True)
class JpegLayout:
    """What stands between the first marker and the end of a JPEG.

    Attributes:
        scans: number of scans; a plain JPEG has one, a progressive about ten.
        complete: whether the end-of-image marker was met.
    """

    scans: int
    complete: bool


def jpeg_layout(data: bytes) -> JpegLayout:
    """Walks over the segments of the first picture of a JPEG.

    Segments are passed over whole: a preview in the metadata does not count.
    """
    position, scans = 2, 0
    while found := _MARKER.search(data, position):
        marker = data[found.end() - 1]
        position = found.end()
        if marker == _END:
            return JpegLayout(scans, True)
        if marker in _ALONE:
            continue
        scans += marker == _SCAN
        if position + 2 > len(data):
            break
        position += max(2, struct.unpack_from(">H", data, position)[0])
    return JpegLayout(scans, False)
