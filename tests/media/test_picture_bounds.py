"""Pictures that are made to fill the memory or the day are refused at once."""

import os
import struct
import subprocess
import sys
import time
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media import images, regular
from fakeloc_tf.media.images import decode_image, read_image
from fakeloc_tf.media.regular import read_regular, regular_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def saved(image: np.ndarray, kind: str, **options) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes = b"") -> bytes:
    checked = name + content
    sum_of_it = struct.pack(">I", zlib.crc32(checked))
    return struct.pack(">I", len(content)) + checked + sum_of_it


def header(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png(width, height, rows=b"", before=b"", after=b"") -> bytes:
    pixels = chunk(b"IDAT", zlib.compress(rows, 9))
    parts = (header(width, height), before, pixels, after, chunk(b"IEND"))
    return SIGNATURE + b"".join(parts)


def tiff(width: int, height: int) -> bytes:
    one = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8))
    tags = (*one, (277, 1), (278, height), (279, 100))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


def gif_of_screen(width: int, height: int) -> bytes:
    data = bytearray(saved(np.zeros((8, 8), np.uint8), "GIF"))
    struct.pack_into("<HH", data, 6, width, height)
    return bytes(data)


def gif_of_frame(width: int, height: int) -> bytes:
    data = bytearray(saved(np.zeros((8, 8), np.uint8), "GIF"))
    struct.pack_into("<HH", data, data.index(b"\x2c", 13) + 5, width, height)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    data = bytearray(saved(np.zeros((8, 8, 3), np.uint8), "WEBP"))
    struct.pack_into("<HH", data, 26, width, height)
    return bytes(data)


def webp_canvas(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<II", 10, 0) + sides
    body = extended + saved(np.zeros((8, 8, 3), np.uint8), "WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bmp(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 100, 0, 0, 54) + info


@pytest.mark.parametrize(
    "data",
    [
        png(50_000, 50_000),
        # Pillow goes by the second header, decoders by the first.
        SIGNATURE + header(50_000, 50_000) + png(8, 8)[8:],
        tiff(100_000, 100_000),
        gif_of_screen(65_535, 65_535),
        gif_of_frame(65_535, 65_535),
        webp(16_383, 16_383),
        webp_canvas(1 << 24, 1 << 24),
        bmp(100_000, 100_000),
    ],
    ids="png png-of-two-headers tiff gif gif-frame webp webp-canvas bmp".split(),
)
def test_a_bomb_is_refused_before_it_is_decoded(data):
    start = time.process_time()

    with pytest.raises(FakelocError, match=r"bomb\.bin.*(too large|exceeds limit)"):
        decode_image(data, "bomb.bin")
    assert time.process_time() - start < 1


def test_the_message_has_the_size_the_limit_and_the_way_out():
    with pytest.raises(FakelocError, match=r"30 x 20 = 600 pixels; at most 599.*save"):
        decode_image(saved(np.zeros((20, 30, 3), np.uint8), "JPEG"), max_pixels=599)
    shape = decode_image(png(30, 20, bytes(91 * 20)), max_pixels=600).shape
    assert shape == (20, 30, 3)


def test_telephones_of_200_megapixels_are_within_the_limit():
    assert 16_320 * 12_240 <= images.MAX_PIXELS


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(FakelocError, match="no pixels: 0 x 5"):
        decode_image(png(0, 5))


PACKED = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(7 << 20), 9))


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("what", [PACKED * 100, chunk(b"prVt") * 300_000])
def test_a_png_of_many_chunks_is_refused_fast(where, what):
    data = png(8, 8, bytes(25 * 8), **{where: what})
    start = time.process_time()

    with pytest.raises(FakelocError, match="save it again"):
        decode_image(data)
    assert time.process_time() - start < 2


def test_a_png_with_more_pixels_than_its_header_says_is_refused():
    # 1.2 MB that unpack to 1.2 GB: after a full flush, the same bytes again.
    packer = zlib.compressobj(9)
    start, more = (
        packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in "ab"
    )
    rows = start + 75 * more
    data = SIGNATURE + header(8, 8) + chunk(b"IDAT", rows) + chunk(b"IEND")
    start = time.process_time()

    with pytest.raises(FakelocError, match="more pixels than its header says"):
        decode_image(data)
    assert time.process_time() - start < 2


def test_a_large_png_is_not_taken_for_a_bomb():
    image = np.random.default_rng(0).integers(0, 256, (800, 600, 3), np.uint8)

    assert len(data := saved(image, "PNG")) > 1 << 20
    np.testing.assert_array_equal(decode_image(data), image)


def test_a_jpeg_of_many_scans_is_refused_a_progressive_one_is_not():
    data = saved(np.zeros((800, 800, 3), np.uint8), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode_image(data).shape == (800, 800, 3)

    with pytest.raises(FakelocError, match=r"JPEG of \d+ scans; at most 64"):
        decode_image(data[:-2] + 1000 * last + data[-2:])


def test_what_looks_like_scans_in_metadata_or_after_the_end_does_not_count():
    data = saved(np.zeros((16, 16, 3), np.uint8), "JPEG")
    many = b"\xff\xda\0\x02" * 500
    comment = b"\xff\xfe" + struct.pack(">H", len(many) + 2) + many

    assert decode_image(data[:2] + comment + data[2:] + many).shape == (16, 16, 3)


def test_pipes_devices_and_folders_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "folder.jpg").mkdir()
    start = time.process_time()

    for name in ("pipe.jpg", "zero.jpg", "folder.jpg"):
        for read in (read_image, read_regular, regular_size):
            with pytest.raises(FakelocError, match=f"{name} is not a regular file"):
                read(tmp_path / name)
    assert time.process_time() - start < 1


def test_links_to_files_are_followed(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "link").symlink_to(tmp_path / "a")

    assert read_regular(tmp_path / "link") == b"abc"
    assert regular_size(tmp_path / "link") == 3


def test_a_file_above_the_limit_is_not_read(tmp_path):
    with open(tmp_path / "huge.png", "wb") as file:
        file.truncate(regular.MAX_FILE_BYTES + 1)

    with pytest.raises(FakelocError, match=r"huge\.png has \d+ bytes; at most"):
        read_image(tmp_path / "huge.png")
    with pytest.raises(FakelocError, match="has 3 bytes; at most 2"):
        (tmp_path / "a").write_bytes(b"abc")
        read_regular(tmp_path / "a", max_bytes=2)


def test_no_file_descriptor_stays_open(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "folder").mkdir()
    before = len(os.listdir("/proc/self/fd"))

    for name in ("a", "folder"):
        for read in (read_regular, regular_size):
            try:
                read(tmp_path / name)
            except FakelocError:
                pass
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.slow
def test_the_memory_of_a_large_picture_is_bounded(tmp_path):
    """108 megapixels take less than 12 bytes each, transparent ones too."""
    path = tmp_path / "large.png"
    Image.new("RGBA", (12_000, 9_000), (10, 20, 30, 99)).save(path, compress_level=1)
    program = (
        "import resource, sys\n"
        "from fakeloc_tf.media.images import read_image\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); read_image(sys.argv[1]); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, check=True
    )

    assert int(done.stdout) * 1024 < 12 * 12_000 * 9_000
