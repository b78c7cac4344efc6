"""The run loop: batches across files, rows, and what a failure takes back."""

from collections import deque

import numpy as np
import pytest
from doubles import PORTRAITS, make_detector, read_off

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import under_way as module
from fakeloc_tf.inference.inputs import collect
from fakeloc_tf.inference.outputs import Outputs
from fakeloc_tf.inference.run import detect_files
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.workers import Message

CALL = {"model": {}, "options": {}}
SETTINGS = Settings(fps=None, face_side=640, max_seconds=60, margin=1.3, crop_size=32)


class InProcess:
    """Stands in for `Workers`: jobs run at once, their messages wait in a line."""

    def __init__(self, count=2):
        self.count = count
        self.lines = {}

    @property
    def idle(self):
        return self.count - len(self.lines)

    def start(self, key, job, *arguments):
        line = self.lines[key] = deque()
        error = None
        try:
            job(lambda content: line.append(Message(key, content)), *arguments)
        except FakelocError as fault:
            error = str(fault)
        line.append(Message(key, done=True, error=error))

    def get(self, wait_seconds=0.0):
        if not self.lines:
            return None
        # In turns, as processes would answer.
        key = next(iter(self.lines))
        line = self.lines.pop(key)
        message = line.popleft()
        if line:
            self.lines[key] = line
        return message


def detect(files, outputs, score=read_off, batch_size=16, on_progress=None):
    detector = make_detector([], score=score, batch_size=batch_size)
    pool = InProcess()
    more = {} if on_progress is None else {"on_progress": on_progress}
    return list(detect_files(detector, files, outputs, SETTINGS, pool, **more))


@pytest.fixture
def files():
    names = ("B001248", "B001295", "B001311")
    return collect([PORTRAITS / f"{name}.jpg" for name in names])


def test_faces_of_several_files_share_a_batch(files, tmp_path):
    sizes = []

    def score(crops):
        sizes.append(len(crops))
        return read_off(crops)

    together = detect(files, Outputs(tmp_path / "a", CALL), score)
    assert sum(sizes) == 3 and max(sizes) > 1
    alone = [detect([f], Outputs(tmp_path / f.name, CALL))[0] for f in files]
    assert sorted(together, key=lambda row: row["path"]) == alone


def test_progress_rises_to_the_number_of_files(files, tmp_path):
    told = []
    detect(files, Outputs(tmp_path / "out", CALL), on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 3 and any(0 < done % 1 for done in told)


def test_what_cannot_be_drawn_is_taken_back(files, tmp_path, monkeypatch):
    def fail(tell, path, folder, row, *rest):
        if path == files[1].path:
            raise FakelocError("disk on fire")
        mark(tell, path, folder, row, *rest)

    mark = module.mark_job
    monkeypatch.setattr(module, "mark_job", fail)
    rows = detect(files, Outputs(tmp_path / "out", CALL))
    by_status = {row["path"]: row["status"] for row in rows}
    assert by_status[str(files[1].path)] == "unreadable"
    assert sorted(by_status.values()) == ["ok", "ok", "unreadable"]
    masks = {path.name for path in (tmp_path / "out/masks").iterdir()}
    assert masks == {"B001248@0.png", "B001311@0.png"}
    (failed,) = (row for row in rows if row["status"] == "unreadable")
    assert failed["reason"] == "disk on fire"
    assert len(failed["sha256"]) == 64 and "faces" not in failed


def test_a_stop_leaves_nothing_of_unfinished_files(files, tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    detector = make_detector([])
    rows = detect_files(detector, files, outputs, SETTINGS, InProcess())
    next(rows)
    rows.close()
    (line,) = outputs.results.read_text().splitlines()
    masks = [path.name for path in (tmp_path / "out/masks").iterdir()]
    assert len(masks) == 1 and masks[0].split("@")[0] in line


def test_without_a_folder_there_are_rows_only(files):
    rows = detect(files[:1], None)
    assert "overlay" not in rows[0] and "mask" not in rows[0]["faces"][0]


def test_a_file_that_changes_while_it_is_read_is_not_trusted(tmp_path, monkeypatch):
    path = tmp_path / "face.jpg"
    path.write_bytes((PORTRAITS / "B001248.jpg").read_bytes())
    from fakeloc_tf.inference import finding

    look = finding.loaded_face_detector

    def replaced(face_side):
        path.write_bytes((PORTRAITS / "B001295.jpg").read_bytes())
        return look(face_side)

    monkeypatch.setattr(finding, "loaded_face_detector", replaced)
    (row,) = detect(collect([path]), Outputs(tmp_path / "out", CALL))
    assert row["status"] == "unreadable"
    assert "changed while it was read" in row["reason"]


def test_five_way_probabilities_keep_their_faces(files, tmp_path):
    def score(crops):
        return read_off(crops) | {
            "method_probabilities": np.stack([crops[:, 0, 0, 0], crops[:, 0, 0, 1]], 1)
        }

    rows = detect(files, Outputs(tmp_path / "out", CALL), score)
    found = {tuple(r["faces"][0]["method_probabilities"].values()) for r in rows}
    assert len(found) == 3
