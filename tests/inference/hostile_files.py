"""A folder of files that are made to harm; each function writes into `folder`."""

import io
import os
import shutil
import stat
import struct
import zlib

import numpy as np
from doubles import PORTRAITS
from PIL import Image

from fakeloc_tf.media.images import read_image, write_png
from fakeloc_tf.media.video import write_video

PORTRAIT = PORTRAITS / "B001248.jpg"
OTHER = PORTRAITS / "B001295.jpg"
# Hidden, as text: a name that seems to end in `exe.jpg`, and others that break lines,
# options, pages and terminals.
ODD_NAMES = (
    "new\nline.jpg",
    "-rf.jpg",
    "--out=x.jpg",
    "a..jpg",
    "%2e%2e%2f..%2fpasswd.jpg",
    "n" * 251 + ".jpg",
    "photo\u202egpj.exe.jpg",
    "<script>alert(1)<script>.jpg",
    "\x1b]0;title\x07\x1b[31mred.jpg",
    "{{ call }}[bold].jpg",
    "C:\\con.jpg",
)
BYTE_NAMES = (b"\xff.jpg", b"\xfe.jpg", b"caf\xe9.mp4")


def png_bomb() -> bytes:
    """A true PNG of 50,000 x 50,000, 8 bit, in few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        sum_of_it = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + sum_of_it

    head = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    rows, press = bytes(50_000 // 8 + 1) * 500, zlib.compressobj(9)
    pixels = b"".join(press.compress(rows) for _ in range(100)) + press.flush()
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def write_bombs(folder):
    """Headers that promise thousands of millions of pixels."""
    (folder / "bomb.png").write_bytes(png_bomb())
    small = {}
    for kind in ("GIF", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, kind)
        small[kind] = bytearray(buffer.getvalue())
    struct.pack_into("<HH", small["GIF"], 6, 65_535, 65_535)
    struct.pack_into("<HH", small["WEBP"], 26, 16_383, 16_383)
    (at,) = struct.unpack_from("<I", small["TIFF"], 4)
    for number in range(struct.unpack_from("<H", small["TIFF"], at)[0]):
        entry = at + 2 + 12 * number
        if struct.unpack_from("<H", small["TIFF"], entry)[0] in (256, 257):
            struct.pack_into("<HII", small["TIFF"], entry + 2, 4, 1, 100_000)
    for kind, data in small.items():
        (folder / f"giant.{kind.lower()}").write_bytes(data)


def write_no_files(folder):
    """What has a picture's name and is none, and links that lead astray."""
    os.mkfifo(folder / "pipe.jpg")
    os.mkfifo(folder / "pipe.mp4")
    os.mknod(folder / "socket.jpg", stat.S_IFSOCK | 0o600)
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "random.mp4").symlink_to("/dev/urandom")
    (folder / "self.jpg").symlink_to("self.jpg")
    (folder / "one.jpg").symlink_to("two.jpg")
    (folder / "two.jpg").symlink_to("one.jpg")
    (folder / "broken.jpg").symlink_to("gone.jpg")
    (folder / "folder.jpg").mkdir()
    (folder / "folder.jpg/round").symlink_to(folder)
    write_tiny(folder / "folder.jpg/inside.png")
    with (folder / "holes.jpg").open("wb") as file:
        file.truncate(1 << 42)
    with (folder / "holes.mp4").open("wb") as file:
        file.truncate(1 << 42)


def write_names(folder):
    """Odd names, of files that cannot be read, so that reasons speak of them."""
    for name in ODD_NAMES:
        (folder / name).write_text("no picture")
    for name in BYTE_NAMES:
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(b"no picture")
    for name in ("same.jpg", "same.png", "Same.jpg", "same-2.png"):
        write_tiny(folder / name)


def write_tiny(path):
    """A picture without room for a face, which is quick to look at."""
    write_png(path.with_name("tiny~.png"), np.full((20, 20, 3), 90, np.uint8))
    path.with_name("tiny~.png").replace(path)


def write_videos(folder, port):
    """Playlists, promises and a file that breaks off."""
    (folder / "local.mp4").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n")
    address = f"http://127.0.0.1:{port}/a.ts"
    (folder / "net.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST")
    (folder / "concat.mp4").write_text(f"ffconcat version 1.0\nfile '{address}'\n")
    image = read_image(PORTRAIT)
    write_video(folder / "clip.mp4", (np.roll(image, 3 * i, 1) for i in range(6)), 6.0)
    clip = (folder / "clip.mp4").read_bytes()
    (folder / "clip.mp4").unlink()
    (folder / "half.mp4").write_bytes(clip[: len(clip) // 2])
    # Every sample has one size (ISO 14496-12, 8.7.3.2), so the table needs no room.
    at = clip.index(b"stsz") + 8
    promise = clip[:at] + struct.pack(">II", 1, 10**9) + clip[at + 8 :]
    at = promise.index(b"stts") + 12
    promise = promise[:at] + struct.pack(">I", 10**9) + promise[at + 4 :]
    (folder / "promise.mp4").write_bytes(promise)


def write_pictures(folder):
    """A good portrait, one that is replaced later, one that breaks off."""
    shutil.copy(PORTRAIT, folder / "good.jpg")
    shutil.copy(PORTRAIT, folder / "swapped.jpg")
    whole = PORTRAIT.read_bytes()
    (folder / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "zeros.jpg").write_bytes(whole[: len(whole) // 2] + bytes(20_000))
    (folder / "empty.jpg").write_bytes(b"")
