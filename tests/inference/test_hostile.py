"""A folder that is made to harm goes through `fakeloc detect`, as a user runs it."""

import json
import os
import re
import shutil
import socket
import time

import cv2
import hostile_files as hostile
import numpy as np
import pytest
import toy_run

from fakeloc_tf import detect
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.media.images import encode_jpeg, read_image
from fakeloc_tf.pages import visible

# What a reason may tell people to do.
WAY_OUT = re.compile(
    r": (copy|name|save|cut|convert|replace|restore|give)|; (detect it again|allow your"
    r" account|copy it again)|or save it"
)
UNREADABLE = {
    "bomb.png": "50000 x 50000 = 2500000000 pixels; at most",
    "giant.gif": "65535 x 65535",
    "giant.webp": "16383 x 16383",
    "giant.tiff": "100000 x 100000",
    "pipe.jpg": "not a regular file",
    "pipe.mp4": "not a regular file",
    "socket.jpg": "it is a socket",
    "zero.jpg": "not a regular file",
    "random.mp4": "not a regular file",
    "self.jpg": "links lead in a circle",
    "one.jpg": "links lead in a circle",
    "two.jpg": "links lead in a circle",
    "broken.jpg": "what a link to it names, is gone",
    "holes.jpg": "at most 1073741824 are read",
    "holes.mp4": "at most 274877906944 are read",
    "local.mp4": "cannot be read as a video",
    "net.mp4": "cannot be read as a video",
    "concat.mp4": "none of MP4",
    "half.mp4": "moov atom not found",
    "promise.mp4": "no frame can be decoded",
    "swapped.jpg": "changed while it was read",
    "half.jpg": "damaged or breaks off",
    "zeros.jpg": "breaks off: zeros follow",
    "empty.jpg": "is empty (0 bytes)",
    **dict.fromkeys(hostile.ODD_NAMES, "is not a picture that can be decoded"),
    r"\xff.jpg": "is not a picture that can be decoded",
    r"\xfe.jpg": "is not a picture that can be decoded",
    r"caf\xe9.mp4": "cannot be read as a video",
}
TOO_SMALL = {"same.jpg", "same.png", "Same.jpg", "same-2.png", "folder.jpg/inside.png"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("runs") / "toy")


def state_of(folder):
    """Everything below a folder: kind, size, time of change and target."""
    found = {}
    for root, folders, names in os.walk(os.fsencode(folder)):
        for name in folders + names:
            path = os.path.join(root, name)
            status = os.lstat(path)
            target = os.readlink(path) if os.path.islink(path) else None
            facts = (status.st_mode, status.st_size, status.st_mtime_ns, target)
            found[path] = facts
    return found


class Call:
    """What one call on the whole folder left."""

    def __init__(self, run, top, port):
        self.folder, self.out = top / "in", top / "out"
        self.folder.mkdir()
        hostile.write_bombs(self.folder)
        hostile.write_no_files(self.folder)
        hostile.write_names(self.folder)
        hostile.write_videos(self.folder, port)
        hostile.write_pictures(self.folder)
        self.before = state_of(top)
        start = time.monotonic()
        call = [self.folder, "--model", run, "--out", self.out, "--workers", "2"]
        self.status = detect.main(list(map(str, call)))
        self.seconds = time.monotonic() - start
        below = os.fsencode(self.out)
        self.after = {p: s for p, s in state_of(top).items() if not p.startswith(below)}
        lines = (self.out / "results.jsonl").read_text().splitlines()
        self.lines = len(lines)
        self.rows = {
            row["path"].removeprefix(f"{self.folder}/"): row
            for row in map(json.loads, lines)
        }


@pytest.fixture(scope="module")
def listener():
    """A server that a playlist points to; nobody may come."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.fixture(scope="module")
def call(run, listener, tmp_path_factory):
    top = tmp_path_factory.mktemp("hostile")
    score, swapped = Detector.detect_faces, top / "in/swapped.jpg"

    def replaced(self, crops):
        """Whenever faces were found, another picture takes the place of one file."""
        shutil.copy(hostile.OTHER, top / "other")
        (top / "other").replace(swapped)
        return score(self, crops)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Detector, "detect_faces", replaced)
        yield Call(run, top, listener.getsockname()[1])


def test_the_good_one_is_read_and_each_other_says_why_not(call):
    assert call.status == 1
    assert call.rows["good.jpg"]["status"] == "ok"
    assert (call.out / call.rows["good.jpg"]["overlay"]).is_file()
    assert {n for n, r in call.rows.items() if r["status"] == "too_small"} == TOO_SMALL
    assert call.rows.keys() == UNREADABLE.keys() | TOO_SMALL | {"good.jpg"}
    assert call.lines == len(call.rows)
    for name, reason in UNREADABLE.items():
        row = call.rows[name]
        assert row["status"] == "unreadable", name
        assert reason in row["reason"], (name, row["reason"])
        assert WAY_OUT.search(row["reason"]), (name, row["reason"])
        # Also for parsers that take no half characters.
        row["reason"].encode("utf-8")


def test_it_takes_seconds(call):
    """A file of 4 TB of holes alone would take minutes to hash."""
    assert call.seconds < 60


def test_nothing_but_the_output_folder_is_touched(call):
    swapped = os.fsencode(call.folder / "swapped.jpg")
    parents = {os.fsencode(call.folder)}
    for path in call.before.keys() - {swapped} - parents:
        assert call.after[path] == call.before[path]
    assert call.after.keys() == call.before.keys()
    folders = {path.name for path in call.out.iterdir()}
    files = {"call.json", "results.jsonl", "report.html"}
    assert folders == files | {"masks", "overlays", "evidence"}
    for folder in ("masks", "overlays", "evidence"):
        assert all(p.name.startswith("good") for p in (call.out / folder).iterdir())


def test_no_playlist_reached_the_net(call, listener):
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_the_report_lists_every_file_as_harmless_text(call):
    page = (call.out / "report.html").read_text()
    assert "<script>alert" not in page
    assert "\u202e" not in page and "\x1b" not in page
    for name in call.rows:
        text = visible(name).replace("<", "&lt;").replace(">", "&gt;")
        assert text in page, name


def test_names_of_outputs_differ(call):
    names = {row["name"].lower() for row in call.rows.values()}
    assert len(names) == len(call.rows)


def test_a_name_cannot_speak_to_the_terminal(run, tmp_path, capsys):
    names = [n for n in hostile.ODD_NAMES if "\n" in n or "\x1b" in n or "\u202e" in n]
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_text("no picture")
    assert detect.main([*map(str, files), "--model", str(run), "--json"]) == 1
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("  unreadable")]
    assert len(lines) == len(files) == 3
    assert not set("\x1b\x07\u202e") & set("".join(lines))
    paths = [json.loads(line)["path"] for line in said.out.splitlines()]
    assert sorted(paths) == sorted(map(str, files))


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_a_file_without_the_right_to_read_it(run, tmp_path):
    file = tmp_path / "closed.jpg"
    shutil.copy(hostile.PORTRAIT, file)
    file.chmod(0)
    out = tmp_path / "out"
    assert detect.main([str(file), "--model", str(run), "--out", str(out)]) == 1
    row = json.loads((out / "results.jsonl").read_text())
    assert row["status"] == "unreadable"
    assert "Permission denied; allow your account to read it" in row["reason"]


@pytest.mark.slow
def test_a_true_picture_of_108_megapixels_is_read(run, tmp_path):
    """As telephones take them: 12000 x 9000."""
    person = cv2.resize(read_image(hostile.PORTRAIT), (9000, 9000))
    picture = np.pad(person, ((0, 0), (1500, 1500), (0, 0)), mode="edge")
    (tmp_path / "large.jpg").write_bytes(encode_jpeg(picture))
    out = tmp_path / "out"
    call = [tmp_path / "large.jpg", "--model", run, "--out", out]
    assert detect.main(list(map(str, call))) == 0
    row = json.loads((out / "results.jsonl").read_text())
    assert (row["width"], row["height"]) == (12_000, 9_000)
    assert row["status"] == "ok" and len(row["faces"]) == 1
