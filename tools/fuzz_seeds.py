"""Valid files for `fuzz_detect.py`, and what damage makes of them."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import av
import numpy as np
import pillow_heif
from PIL import Image

from fakeloc_tf.media.images import read_image

PORTRAIT = Path(__file__).parents[1] / "fakeloc_tf/data/demo/portraits" / "B001248.jpg"
# Suffix → Pillow's format and options.
_PICTURES: dict[str, tuple[str, dict[str, object]]] = {
    ".jpg": ("JPEG", {"quality": 80}),
    ".jpeg": ("JPEG", {"quality": 80, "progressive": True}),
    ".png": ("PNG", {}),
    ".webp": ("WEBP", {"quality": 70}),
    ".bmp": ("BMP", {}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "jpeg"}),
    ".gif": ("GIF", {}),
}
# Suffix → codec and pixel format.
_VIDEOS = {
    ".mp4": ("libx264", "yuv420p"),
    ".m4v": ("mpeg4", "yuv420p"),
    ".mkv": ("libx264", "yuv420p"),
    ".webm": ("libvpx-vp9", "yuv420p"),
    ".mov": ("libx265", "yuv420p"),
    ".avi": ("mjpeg", "yuvj420p"),
}
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
# A mutant grows at most to this.
_MAX_BYTES = 4 << 20

Seeds = dict[str, bytes]


def make_seeds(folder: Path, side: int = 320) -> Seeds:
    """Suffix → one embedded portrait as such a picture, or as a clip of 8 frames.

    Args:
        folder: for the clips while they are made.
        side: of the picture; small ones make many mutants a second.
    """
    image = Image.fromarray(read_image(PORTRAIT)).resize((side, side))
    seeds = {}
    for suffix, (kind, options) in _PICTURES.items():
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        seeds[suffix] = buffer.getvalue()
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=70)
    seeds[".heic"] = buffer.getvalue()
    for suffix, (codec, pixels) in _VIDEOS.items():
        seeds[suffix] = _clip(
            folder / f"seed{suffix}", np.asarray(image), codec, pixels
        )
    return seeds


def _clip(path: Path, image: np.ndarray, codec: str, pixels: str) -> bytes:
    """8 frames at 8 a second; the person moves to the right."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=8, options=_options(codec))
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = pixels
        for number in range(8):
            moved = np.roll(image, 4 * number, axis=1)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(moved, format="rgb24")))
        out.mux(stream.encode())
    return path.read_bytes()


def _options(codec: str) -> dict[str, str]:
    """Two key frames; x265 prints a page about itself unless told not to."""
    quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    return {"g": "4"} | quiet


def mutant(seeds: Seeds, chance: random.Random) -> tuple[str, bytes]:
    """A suffix and damaged bytes; now and then under another format's suffix."""
    suffix = chance.choice(sorted(seeds))
    data = bytearray(seeds[suffix])
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        data = chance.choice(_MUTATIONS)(data, seeds, chance)[:_MAX_BYTES]
    if chance.random() < 0.05:
        suffix = chance.choice(sorted(seeds))
    return suffix, bytes(data)


def _place(data: bytearray, chance: random.Random) -> int:
    """Where to damage: headers and ends more often, what is there is believed."""
    share = chance.choice((chance.random(), chance.random() * 0.05, 0.02, 0.98))
    if share == 0.02:
        return chance.randrange(max(1, min(len(data), 512)))
    return min(int(share * len(data)), max(0, len(data) - 1))


def _flip(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)
    return data


def _noise(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    at, count = _place(data, chance), chance.choice((1, 4, 32, 400))
    data[at : at + count] = chance.randbytes(len(data[at : at + count]))
    return data


def _cut(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    return data[: _place(data, chance)]


def _drop(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 2, 8, 100, 2000))]
    return data


def _repeat(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    """A piece, such as a chunk, many times over."""
    at, count = _place(data, chance), chance.choice((4, 12, 64, 700, 5000))
    part = bytes(data[at : at + count])
    data[at:at] = part * chance.choice((1, 2, 30, 300))
    return data


def _extreme(data: bytearray, _: Seeds, chance: random.Random) -> bytearray:
    """A number of a header set to a bound of its type."""
    at, form = _place(data, chance), chance.choice("<H >H <I >I B".split())
    size = struct.calcsize(form)
    if at + size <= len(data):
        value = chance.choice(_EXTREMES) & ((1 << 8 * size) - 1)
        data[at : at + size] = struct.pack(form, value)
    return data


def _splice(data: bytearray, seeds: Seeds, chance: random.Random) -> bytearray:
    """The end of another format."""
    other = seeds[chance.choice(sorted(seeds))]
    at, start = _place(data, chance), _place(bytearray(other), chance)
    return data[:at] + other[start:]


_MUTATIONS = (_flip, _flip, _noise, _cut, _drop, _repeat, _extreme, _extreme, _splice)
