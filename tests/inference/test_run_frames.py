"""The run loop on videos with several faces: whose score it is, what a fault ends."""

from pathlib import Path

import numpy as np
import pytest
from doubles import box, make_detector, read_off
from test_run import InProcess

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import under_way as module
from fakeloc_tf.inference.finding import FileFacts, FoundFace, FoundFrame
from fakeloc_tf.inference.inputs import InputFile
from fakeloc_tf.inference.marking import Marked
from fakeloc_tf.inference.outputs import Outputs
from fakeloc_tf.inference.run import detect_files, is_finished
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.media.boxes import crop_box

SETTINGS = Settings(fps=None, face_side=640, max_seconds=60, margin=1.3, crop_size=8)


def face(level, track):
    """A face whose score is `level` / 255."""
    at = box(40, 30, 60)
    crop = np.full((8, 8, 3), level, np.uint8)
    return FoundFace(at, crop_box(at, 1.3, 120, 160), crop, (), track)


def find_scripted(tell, path, kind, settings):
    """Finds faces by the file's name: `VALUE-frames[-broken]`."""
    value, frames, *broken = path.stem.split("-")
    tell(FileFacts({"fps": 4.0, "seconds": 10.0}, int(frames)))
    for index in range(int(frames)):
        # The number of faces differs, and none is in the second frame.
        levels = [int(value) + n for n in range((index * 2 + 3) % 5)]
        faces = tuple(face(level, track) for track, level in enumerate(levels))
        tell(FoundFrame(index, 0.25 * index, faces, 0))
    if broken:
        raise FakelocError("it broke off")


def detect(monkeypatch, *stems, batch_size=4, score=None, told=None):
    monkeypatch.setattr(module, "find_job", find_scripted)
    kwargs = {"batch_size": batch_size} | ({"score": score} if score else {})
    detector = make_detector([], **kwargs)
    files = [InputFile(Path(f"{stem}.mp4"), "video", stem) for stem in stems]
    more = {} if told is None else {"on_progress": told.append}
    rows = detect_files(detector, files, None, SETTINGS, InProcess(), **more)
    return {row["path"]: row for row in rows}


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_every_face_gets_its_own_score(monkeypatch, batch_size):
    rows = detect(monkeypatch, "100-6", "200-6", batch_size=batch_size)
    for value in (100, 200):
        row = rows[f"{value}-6.mp4"]
        assert [len(frame["faces"]) for frame in row["frames"]] == [3, 0, 2, 4, 1, 3]
        for frame in row["frames"]:
            for number, found in enumerate(frame["faces"]):
                wanted = (value + number) / 255
                assert found["probability"] == pytest.approx(wanted, abs=1e-5)
        assert "note" not in row


def test_what_a_broken_file_left_is_not_scored(monkeypatch):
    """And takes no scores from the faces of the others in the same batch."""
    rows = detect(monkeypatch, "100-3-broken", "200-8", batch_size=100)
    assert rows["100-3-broken.mp4"]["status"] == "unreadable"
    assert rows["100-3-broken.mp4"]["reason"] == "it broke off"
    faces = [f for frame in rows["200-8.mp4"]["frames"] for f in frame["faces"]]
    assert min(found["probability"] for found in faces) > 0.78
    assert rows["200-8.mp4"]["frames_scored"] == 8


def test_the_faces_of_a_broken_file_leave_the_batch(monkeypatch):
    """They are not scored, and the others wait until it is full without them."""
    seen = []

    def score(crops):
        seen.append(crops[:, 0, 0, 0].tolist())
        return read_off(crops)

    # When the first breaks off, five faces of each wait.
    detect(monkeypatch, "100-3-broken", "200-8", batch_size=12, score=score)
    assert len(seen[0]) >= 12
    assert min(level for batch in seen for level in batch) >= 200


def test_a_batch_is_scored_as_soon_as_it_is_full(monkeypatch):
    sizes = []

    def score(crops):
        sizes.append(len(crops))
        return read_off(crops)

    detect(monkeypatch, "100-30", batch_size=4, score=score)
    # Up to four faces of a frame join up to three that waited.
    assert sum(sizes) == 60 and len(sizes) >= 15


def test_progress_ends_at_the_number_of_files(monkeypatch):
    told = []
    detect(monkeypatch, "100-9", "200-3-broken", told=told)
    assert told[-1] == 2
    assert any(0 < done < 1 for done in told)


def test_progress_counts_the_drawing_too(monkeypatch, tmp_path):
    def mark(tell, path, folder, row, shown, settings):
        tell(Marked(0.5))
        tell(Marked(1.0, notes=["the sound is missing"]))

    monkeypatch.setattr(module, "find_job", find_scripted)
    monkeypatch.setattr(module, "mark_job", mark)
    file, told = InputFile(Path("100-3.mp4"), "video", "x"), []
    outputs = Outputs(tmp_path / "out", {"model": {}, "options": {}})
    pool = InProcess()
    (row,) = list(
        detect_files(make_detector([]), [file], outputs, SETTINGS, pool, told.append)
    )
    share = module.FINDING_SHARE
    assert share in told and share + (1 - share) / 2 in told
    assert told == sorted(told)
    assert row["note"] == "the sound is missing"


@pytest.mark.parametrize("status", ["ok", "no_face", "too_small", "unsupported"])
def test_a_file_is_finished_until_its_size_or_time_changes(tmp_path, status):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"12")
    found = path.stat()
    row = {"status": status, "bytes": 2, "modified_ns": found.st_mtime_ns}
    assert is_finished(path, row)
    assert not is_finished(path, row | {"bytes": 3})
    assert not is_finished(path, row | {"modified_ns": found.st_mtime_ns - 1})
    assert not is_finished(path, row | {"status": "unreadable"})
    assert not is_finished(path, {})
    assert not is_finished(tmp_path / "gone.jpg", row)
