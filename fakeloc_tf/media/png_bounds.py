"""PNGs that are small as files and endless to decode are refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from fakeloc_tf.errors import FakelocError

# 200 megapixels in pieces of 4096 bytes have 150,000. A million empty ones take Pillow
# 14 seconds.
MAX_CHUNKS = 200_000
# Each may unpack to 8 MB, which takes libpng 0.08 seconds.
MAX_PACKED_TEXTS = 32
_PACKED_TEXTS = frozenset({b"zTXt", b"iTXt", b"iCCP"})
# What libpng unpacks to nothing in less than 10 seconds, however it is made.
_UNCHECKED_BYTES = 1 << 20
_STEP = 1 << 20
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def check_png(data: bytes, source: str) -> None:
    """Refuses a PNG whose chunks or packed data are out of proportion to its size.

    Args:
        data: bytes of the whole file, which begin as a PNG's.
        source: how errors name it.

    Raises:
        FakelocError: there are too many chunks or texts, or more pixels than its
            header says.
    """
    pixels: list[memoryview] = []
    texts = 0
    for count, (name, content) in enumerate(_chunks(data), start=1):
        texts += name in _PACKED_TEXTS
        if name == b"IDAT":
            pixels.append(content)
        if count > MAX_CHUNKS or texts > MAX_PACKED_TEXTS:
            raise FakelocError(
                f"{source} is a PNG of more than {MAX_CHUNKS} chunks or "
                f"{MAX_PACKED_TEXTS} packed texts: save it again with another program"
            )
    if sum(map(len, pixels)) <= _UNCHECKED_BYTES:
        return
    # Interlaced rows are shorter and more; twice the size has room for them.
    limit = 2 * _unpacked_size(data) + _STEP
    if _unpacks_to_more_than(limit, pixels):
        raise FakelocError(
            f"{source} has more pixels than its header says: save it again with "
            "another program"
        )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """(name, content) of each chunk (PNG specification, section 5.3)."""
    view, position = memoryview(data), 8
    while position + 8 <= len(data):
        size = struct.unpack_from(">I", data, position)[0]
        yield data[position + 4 : position + 8], view[position + 8 :][:size]
        position += 12 + size


def _unpacked_size(data: bytes) -> int:
    """Bytes of all rows, each with its filter, by the header."""
    width, height, depth, color = struct.unpack_from(">IIBB", data, 16)
    bits = width * depth * _CHANNELS.get(color, 4)
    return height * (1 + (bits + 7) // 8)


def _unpacks_to_more_than(limit: int, parts: list[memoryview]) -> bool:
    """Whether the zlib stream in `parts` goes on after `limit` bytes."""
    stream, total = zlib.decompressobj(), 0
    try:
        for part in parts:
            rest: bytes | memoryview = part
            while rest and not stream.eof:
                total += len(stream.decompress(rest, _STEP))
                rest = stream.unconsumed_tail
                if total > limit:
                    return True
    except zlib.error:
        # Damaged: the decoder says so, and stops there.
        return False
    return False
