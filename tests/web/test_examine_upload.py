"""One upload through the detector; what stays behind is nothing."""

import shutil
import time

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.verdict import ALL, shown
from fakeloc_tf.media.images import read_image, write_png
from fakeloc_tf.media.video import write_video
from fakeloc_tf.web.limits import Limits
from fakeloc_tf.web.ui import examine as examine_module
from fakeloc_tf.web.ui.examine import Examiner
from fakeloc_tf.web.ui.samples import make_samples

PORTRAIT = load_portraits()[0].path


@pytest.fixture(scope="module")
def examiner(toy_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    limits = Limits(max_mb=5, max_seconds=2, time_limit=100.0)
    made = Examiner(Detector(toy_folder), toy_folder, limits, folder)
    yield made
    assert list(folder.iterdir()) == []
    made.close()


def write_clip(path, frames=12, fps=12.0):
    write_video(path, [read_image(PORTRAIT)[:400, :320]] * frames, fps)


def test_a_picture_gets_a_verdict_and_a_report(examiner, tmp_path):
    answer = examiner.answer(PORTRAIT, "Me & you.JPG")
    assert answer.headline in {shown(verdict).capitalize() for verdict in ALL}
    assert answer.name == "Me & you.JPG"
    assert "Me &amp; you.JPG" in answer.report
    assert str(tmp_path.parent) not in answer.report
    # Its folder is gone: a link to a picture beside the page would lead nowhere.
    assert "overlays/" not in answer.report


def test_the_report_says_when_this_upload_was_looked_at(examiner, monkeypatch):
    monkeypatch.setitem(examiner._call, "started", "2001-01-01T00:00:00+00:00")
    assert "2001-01-01" not in examiner.answer(PORTRAIT, "a.jpg").report


def test_a_video_tells_its_progress(examiner, tmp_path):
    write_clip(tmp_path / "a.mp4")
    told = []
    answer = examiner.answer(tmp_path / "a.mp4", "a.mp4", told.append)
    assert told == sorted(told)
    assert told[-1] == 1 and any(0 < share < 1 for share in told)
    assert "the person" in answer.detail


def test_of_a_long_video_the_beginning_is_looked_at(examiner, tmp_path):
    write_clip(tmp_path / "long.mp4", frames=40)
    answer = examiner.answer(tmp_path / "long.mp4", "l.mp4")
    assert "only the first" in answer.report


def test_no_face(examiner, tmp_path):
    write_png(tmp_path / "a.png", np.full((200, 200, 3), 128, np.uint8))
    assert examiner.answer(tmp_path / "a.png", "a.png").headline == "No verdict"


def test_a_small_picture(examiner, tmp_path):
    write_png(tmp_path / "a.png", np.zeros((30, 30, 3), np.uint8))
    assert "too small" in examiner.answer(tmp_path / "a.png", "a.png").detail


@pytest.mark.parametrize("name", ["a.jpg", "a.mp4"])
def test_a_bad_file_is_told_without_the_servers_folders(examiner, tmp_path, name):
    (tmp_path / name).write_text("text")
    answer = examiner.answer(tmp_path / name, name)
    assert answer.headline == "This file could not be examined"
    assert answer.detail.startswith("The file ")
    assert str(tmp_path) not in answer.html()


@pytest.mark.parametrize("name", ["a.exe", "a", "..", "a.jpg/../../x", "a.jpg\0"])
def test_other_suffixes_are_not_even_copied(examiner, monkeypatch, name):
    monkeypatch.setattr(shutil, "copyfile", None)
    assert "neither a picture nor a video" in examiner.answer(PORTRAIT, name).detail


def test_a_name_never_becomes_a_path(examiner, monkeypatch):
    seen = []
    inner = examine_module.detect_files
    monkeypatch.setattr(
        examine_module,
        "detect_files",
        lambda detector, files, *rest, **more: (
            seen.extend(files) or inner(detector, files, *rest, **more)
        ),
    )
    examiner.answer(PORTRAIT, "../../../etc/$(id) 'x'.jpg")
    assert [file.path.name for file in seen] == ["upload.jpg"]
    assert [file.name for file in seen] == ["upload"]


def test_a_large_file_is_not_looked_at(examiner, tmp_path):
    (tmp_path / "a.jpg").write_bytes(bytes((5 << 20) + 1))
    assert "at most 5 MB" in examiner.answer(tmp_path / "a.jpg", "a.jpg").detail


def test_the_time_limit_ends_the_work_and_the_next_visitor_is_served(
    examiner, monkeypatch
):
    short = Limits(max_mb=5, max_seconds=2, time_limit=1e-9)
    with monkeypatch.context() as patch:
        patch.setattr(examiner, "limits", short)
        answer = examiner.answer(PORTRAIT, "a.jpg")
    assert "longer than 1e-09 s" in answer.detail
    assert answer.report == ""
    assert examiner.answer(PORTRAIT, "a.jpg").report


class SilentWorkers:
    """Takes a job and never says anything."""

    idle = 1

    def start(self, key, job, *arguments):
        self.idle = 0

    def get(self, wait_seconds):
        time.sleep(min(wait_seconds, 0.05))

    def close(self):
        self.closed = True


def test_the_time_limit_holds_for_a_worker_that_says_nothing(examiner, monkeypatch):
    silent, real = SilentWorkers(), examiner._workers
    monkeypatch.setattr(examiner, "_workers", silent)
    monkeypatch.setattr(examiner, "_new_workers", lambda: real)
    short = Limits(max_mb=5, max_seconds=2, time_limit=0.5)
    monkeypatch.setattr(examiner, "limits", short)
    assert "longer than 0.5 s" in examiner.answer(PORTRAIT, "a.jpg").detail
    assert silent.closed and examiner._workers is real


@pytest.mark.parametrize("error", [FakelocError("a reason"), RuntimeError("secret")])
def test_a_fault_of_the_work_is_an_answer(examiner, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(examine_module, "detect_files", fail)
    answer = examiner.answer(PORTRAIT, "a.jpg")
    assert ("a reason" in answer.detail) == isinstance(error, FakelocError)
    assert "secret" not in answer.html()


def test_the_examples_are_the_same_person_and_differ_in_the_mask_alone(tmp_path):
    pristine, fake = make_samples(tmp_path)
    real, changed = read_image(pristine.path), read_image(fake.path)
    mask = fake.pictures[1][0]
    differs = (real != changed).any(axis=-1)
    assert differs.any()
    assert not differs[mask == 0].any()
    assert f"{(mask > 0).mean():.0%} of the picture" in fake.caption
    portrait = next(p for p in load_portraits() if p.path == pristine.path)
    assert portrait.split == "test"
