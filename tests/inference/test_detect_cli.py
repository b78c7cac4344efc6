"""`fakeloc detect`, run as a user runs it, on good and bad files."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import toy_run
from doubles import PORTRAITS

from fakeloc_tf import detect
from fakeloc_tf.inference import process
from fakeloc_tf.media.images import decode_png, read_image, write_png
from fakeloc_tf.media.video import probe, write_video

PORTRAIT = PORTRAITS / "A000370.jpg"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("runs") / "toy")


def write_clip(path, frames=12):
    """A person who moves to the right, on 12 frames at 12 a second."""
    image = np.pad(read_image(PORTRAIT), ((0, 0), (0, 60), (0, 0)), mode="edge")
    write_video(path, (np.roll(image, 4 * i, axis=1) for i in range(frames)), 12.0)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two pictures of one name, a video, and everything that goes wrong."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "more").mkdir()
    shutil.copy(PORTRAIT, folder / "face.jpg")
    shutil.copy(PORTRAITS / "B001248.jpg", folder / "more/face.jpg")
    write_clip(folder / "clip.mp4")
    whole = (folder / "clip.mp4").read_bytes()
    (folder / "broken.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    write_png(folder / "wall.png", np.full((200, 200, 3), 128, np.uint8))
    write_png(folder / "tiny.png", read_image(PORTRAIT)[::12, ::12])
    return folder


@pytest.fixture(scope="module")
def results(run, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "results"
    call = [inputs, "--model", run, "--out", out, "--fps", "4", "--batch-size", "3"]
    assert detect.main(list(map(str, call))) == 1
    lines = (out / "results.jsonl").read_text().splitlines()
    return out, {row["path"]: row for row in map(json.loads, lines)}


def test_each_file_has_its_status_in_order(results, inputs):
    _, rows = results
    assert list(rows) == sorted(rows)
    statuses = {
        path.removeprefix(f"{inputs}/"): r["status"] for path, r in rows.items()
    }
    assert statuses == {
        "broken.mp4": "unreadable",
        "clip.mp4": "ok",
        "empty.jpg": "unreadable",
        "face.jpg": "ok",
        "more/face.jpg": "ok",
        "notes.txt": "unsupported",
        "text.jpg": "unreadable",
        "tiny.png": "too_small",
        "wall.png": "no_face",
    }
    for row in rows.values():
        read = row["status"] in process.READ
        assert read == ("reason" not in row)
        assert len(row["sha256"]) == 64


def test_pictures_of_one_name_keep_their_own_results(results, inputs):
    out, rows = results
    one, two = rows[f"{inputs}/face.jpg"], rows[f"{inputs}/more/face.jpg"]
    assert one["overlay"] != two["overlay"]
    for row, source in ((one, PORTRAIT), (two, PORTRAITS / "B001248.jpg")):
        assert read_image(out / row["overlay"]).shape == read_image(source).shape
        (face,) = row["faces"]
        mask = decode_png((out / face["mask"]).read_bytes())
        assert mask.shape == (64, 64)
        wanted = (mask / 255 >= 0.5).mean()
        assert face["manipulated_fraction"] == pytest.approx(wanted, abs=0.02)
        # The threshold of the toy run's metrics.json.
        fake = face["probability"] >= toy_run.THRESHOLD
        assert face["verdict"] == ("manipulated" if fake else "real")
    assert one["faces"][0]["probability"] != two["faces"][0]["probability"]


def test_the_video_has_frames_one_track_and_an_overlay(results, inputs):
    out, rows = results
    row = rows[f"{inputs}/clip.mp4"]
    assert [frame["frame"] for frame in row["frames"]] == [0, 3, 6, 9]
    assert [frame["time"] for frame in row["frames"]] == [0.0, 0.25, 0.5, 0.75]
    faces = [face for frame in row["frames"] for face in frame["faces"]]
    assert len(faces) == 4
    assert {face["track"] for face in faces} == {0}
    assert all((out / face["mask"]).is_file() for face in faces)
    (track,) = row["tracks"]
    mean = np.mean([face["probability"] for face in faces])
    assert row["probability"] == track["probability"] == pytest.approx(mean)
    overlay = probe(out / row["overlay"])
    assert (overlay.frames, overlay.fps) == (12, 12.0)


def test_nothing_is_left_half_written(results):
    out, rows = results
    named = {face["mask"] for row in rows.values() for face in row.get("faces", [])}
    for row in rows.values():
        for frame in row.get("frames", []):
            named |= {face["mask"] for face in frame["faces"]}
    named |= {row["overlay"] for row in rows.values() if "overlay" in row}
    there = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert there == named | {"results.jsonl", "report.html"}


def test_the_report_names_every_file(results):
    out, rows = results
    page = (out / "report.html").read_text()
    assert all(path in page for path in rows)
    assert all(row["sha256"] in page for row in rows.values())


def test_a_fault_in_the_middle_takes_the_files_outputs_back(
    run, inputs, tmp_path, monkeypatch
):
    def fail(*args, **kwargs):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(process, "write_overlay_video", fail)
    files = [inputs / "clip.mp4", inputs / "face.jpg"]
    call = [*files, "--model", run, "--out", tmp_path / "out"]
    assert detect.main(list(map(str, call))) == 1
    lines = (tmp_path / "out/results.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["status"], second["status"]) == ("unreadable", "ok")
    assert "disk on fire" in first["reason"]
    assert [p.name for p in (tmp_path / "out/masks").iterdir()] == ["face_face0.png"]


def test_wrong_calls(run, inputs, results, tmp_path, capsys):
    def call(*arguments):
        status = detect.main(list(map(str, arguments)))
        return status, capsys.readouterr().err

    face, out = inputs / "face.jpg", tmp_path / "out"
    status, said = call(tmp_path / "no", "--model", run, "--out", out)
    assert (status, "no does not exist" in said) == (2, True)
    status, said = call(face, "--model", tmp_path / "no", "--out", out)
    assert (status, "holds no model" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", results[0])
    assert (status, "is there already" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", out, "--threshold", "7")
    assert (status, "between 0 and 1" in said) == (2, True)
    assert call(face, "--model", run)[0] == 2
    assert not out.exists()


def test_as_a_command_of_its_own(run, tmp_path):
    call = [sys.executable, "-m", "fakeloc_tf.detect", PORTRAIT, "--model", run]
    done = subprocess.run(
        [*call, "--out", tmp_path / "out", "--threshold", "0"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "1 ok"
    row = json.loads((tmp_path / "out/results.jsonl").read_text())
    assert row["verdict"] == "manipulated"
