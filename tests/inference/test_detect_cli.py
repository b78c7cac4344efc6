"""`fakeloc detect`, run as a user runs it, on good and bad files."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import toy_run
from doubles import PORTRAITS

from fakeloc_tf import detect
from fakeloc_tf.inference.run import READ
from fakeloc_tf.media.images import decode_png, read_image, write_png
from fakeloc_tf.media.video import probe, write_video

# Seen from the front, without a warning.
PORTRAIT = PORTRAITS / "B001248.jpg"
OTHER = PORTRAITS / "B001295.jpg"
ALWAYS = {"results.jsonl", "report.html", "call.json"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("runs") / "toy")


def write_clip(path, frames=12):
    """A person who moves to the right, on 12 frames at 12 a second.

    The sides are multiples of 32: at others x264's macroblock tree makes other bytes
    now and then, and of some of those a score lies on the edge of its sixth digit.
    """
    image = np.pad(read_image(PORTRAIT), ((0, 0), (0, 60), (0, 0)), mode="edge")
    image = image[:384, :384]
    write_video(path, (np.roll(image, 4 * i, axis=1) for i in range(frames)), 12.0)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two pictures of one name, a video, and everything that goes wrong."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "more").mkdir()
    shutil.copy(PORTRAIT, folder / "face.jpg")
    shutil.copy(OTHER, folder / "more/face.jpg")
    write_clip(folder / "clip.mp4")
    whole = (folder / "clip.mp4").read_bytes()
    (folder / "broken.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    os.mkfifo(folder / "pipe.jpg")
    (folder / "loop.jpg").symlink_to("loop.jpg")
    write_png(folder / "wall.png", np.full((200, 200, 3), 128, np.uint8))
    write_png(folder / "tiny.png", read_image(PORTRAIT)[::12, ::12])
    return folder


@pytest.fixture(scope="module")
def results(run, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "results"
    call = [inputs, "--model", run, "--out", out, "--fps", "4", "--batch-size", "3"]
    assert detect.main(list(map(str, call))) == 1
    return out, read_rows(out)


def read_rows(out):
    lines = (out / "results.jsonl").read_text().splitlines()
    return {row["path"]: row for row in map(json.loads, lines)}


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
        "loop.jpg": "unreadable",
        "more/face.jpg": "ok",
        "notes.txt": "unsupported",
        "pipe.jpg": "unreadable",
        "text.jpg": "unreadable",
        "tiny.png": "too_small",
        "wall.png": "no_face",
    }
    for path, row in rows.items():
        assert (row["status"] in READ) == ("reason" not in row)
        # Of what cannot be opened there are no bytes to hash.
        odd = path.endswith(("loop.jpg", "pipe.jpg"))
        assert row["sha256"] is None if odd else len(row["sha256"]) == 64


def test_pictures_of_one_name_keep_their_own_results(results, inputs):
    out, rows = results
    one, two = rows[f"{inputs}/face.jpg"], rows[f"{inputs}/more/face.jpg"]
    assert one["overlay"] != two["overlay"]
    for row, source in ((one, PORTRAIT), (two, OTHER)):
        assert read_image(out / row["overlay"]).shape == read_image(source).shape
        (face,) = row["faces"]
        mask = decode_png((out / face["mask"]).read_bytes())
        assert mask.shape == (64, 64)
        wanted = (mask / 255 >= 0.5).mean()
        assert face["manipulated_fraction"] == pytest.approx(wanted, abs=0.02)
        # The threshold of the toy run's metrics.json divides both sides.
        fake = face["probability"] >= toy_run.THRESHOLD
        sure = "likely_manipulated" if fake else "likely_real"
        assert face["verdict"] == ("not_sure" if face["warnings"] else sure)
        for picture in face["evidence"].values():
            assert (out / picture).is_file()
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
    assert row["aggregation"] == "mean"
    assert row["probability"] == track["probability"] == pytest.approx(mean, abs=1e-6)
    assert [time for time, _ in track["smoothed"]] == [0.0, 0.25, 0.5, 0.75]
    (peak,) = track["peaks"]
    assert peak["probability"] == max(face["probability"] for face in faces)
    assert all((out / picture).is_file() for picture in peak["evidence"].values())
    overlay = probe(out / row["overlay"])
    assert (overlay.frames, overlay.fps) == (12, 12.0)


def files_of(out):
    return {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}


def named_in(rows):
    """Every file that the rows speak of."""
    text = json.dumps(list(rows))
    folders = ("masks/", "overlays/", "evidence/")
    return {part for part in text.split('"') if part.startswith(folders)}


def test_nothing_is_left_half_written(results):
    out, rows = results
    assert files_of(out) == named_in(rows.values()) | ALWAYS


def test_the_report_names_every_file(results):
    out, rows = results
    page = (out / "report.html").read_text()
    assert all(path in page for path in rows)
    assert all(row["sha256"] in page for row in rows.values() if row["sha256"])


def test_a_call_that_is_repeated_does_nothing_twice(run, inputs, tmp_path, capsys):
    out = tmp_path / "out"
    files = [inputs / "face.jpg", inputs / "wall.png", inputs / "text.jpg"]
    call = [*map(str, files), "--model", str(run), "--out", str(out)]
    assert detect.main(call) == 1
    before = (out / "results.jsonl").read_bytes()
    written = (out / "overlays/face.png").stat().st_mtime_ns
    capsys.readouterr()

    assert detect.main(call) == 1
    # The one that could not be read is tried again.
    assert "2 of 3 files were done before" in capsys.readouterr().err
    assert (out / "results.jsonl").read_bytes() == before
    assert (out / "overlays/face.png").stat().st_mtime_ns == written


def test_more_files_join_the_results_and_a_changed_one_is_looked_at_again(
    run, inputs, tmp_path
):
    out, picture = tmp_path / "out", tmp_path / "face.jpg"
    shutil.copy(inputs / "face.jpg", picture)
    call = ["--model", str(run), "--out", str(out)]
    assert detect.main([str(picture), *call]) == 0
    shutil.copy(inputs / "wall.png", picture)
    assert detect.main([str(inputs / "more"), str(picture), *call]) == 0

    rows = read_rows(out)
    assert list(rows) == [str(inputs / "more/face.jpg"), str(picture)]
    assert [row["status"] for row in rows.values()] == ["ok", "no_face"]
    assert files_of(out) == named_in(rows.values()) | ALWAYS
    assert rows[str(picture)]["name"] == "face"
    assert rows[str(inputs / "more/face.jpg")]["name"] == "face-2"


def test_a_killed_call_goes_on_as_if_nothing_had_been(run, inputs, results, tmp_path):
    out = tmp_path / "out"
    call = [sys.executable, "-m", "fakeloc_tf.detect", inputs, "--model", run]
    call += ["--out", out, "--fps", "4", "--batch-size", "3", "--workers", "1"]
    started = subprocess.Popen(list(map(str, call)), stderr=subprocess.DEVNULL)
    while not (out / "results.jsonl").exists() and started.poll() is None:
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()
    with (out / "results.jsonl").open("a") as file:
        file.write('{"path": "half a li')
    (out / "masks/.half.png").write_bytes(b"x")

    assert detect.main(list(map(str, call[3:]))) == 1
    whole, rows = results
    assert read_rows(out) == rows
    assert files_of(out) == files_of(whole)


def test_results_of_other_settings_are_not_mixed(run, inputs, tmp_path, capsys):
    call = [inputs / "wall.png", "--model", run, "--out", tmp_path / "out"]
    assert detect.main(list(map(str, call))) == 0
    assert detect.main([*map(str, call), "--fps", "7"]) == 2
    assert "options.fps was 4.0, now it is 7.0" in capsys.readouterr().err


def test_json_goes_to_stdout_and_needs_no_folder(run, inputs, tmp_path, capfd):
    call = [inputs / "face.jpg", inputs / "clip.mp4", "--model", run, "--json"]
    assert detect.main([*map(str, call), "--fps", "4"]) == 0
    printed = capfd.readouterr().out.splitlines()
    rows = {row["path"]: row for row in map(json.loads, printed)}
    assert len(rows) == 2
    assert named_in(rows.values()) == set()
    assert rows[str(inputs / "clip.mp4")]["frames_scored"] == 4
    assert not list(tmp_path.iterdir())


def test_without_options_results_go_to_a_folder_here(
    run, inputs, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert detect.main([str(inputs / "wall.png"), "--model", str(run)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fakeloc_out"]
    assert list(read_rows(tmp_path / "fakeloc_out")) == [str(inputs / "wall.png")]


def test_a_list_of_files_comes_from_stdin(run, inputs, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", [f"{inputs}/wall.png\n", f"{inputs}/tiny.png\n"])
    out = tmp_path / "out"
    assert detect.main(["-", "--model", str(run), "--out", str(out)]) == 0
    assert list(read_rows(out)) == [f"{inputs}/wall.png", f"{inputs}/tiny.png"]


def test_a_long_video_is_cut_and_its_row_says_so(run, inputs, tmp_path):
    out = tmp_path / "out"
    call = [inputs / "clip.mp4", "--model", run, "--out", out, "--fps", "4"]
    assert detect.main([*map(str, call), "--max-minutes", "0.0101"]) == 0
    (row,) = read_rows(out).values()
    assert [frame["time"] for frame in row["frames"]] == [0.0, 0.25, 0.5]
    assert "only the first" in row["note"] and "--max-minutes" in row["note"]
    assert probe(out / row["overlay"]).frames == 8


def test_the_summary_names_each_problem_once(run, inputs, tmp_path, capsys):
    call = [inputs / "broken.mp4", inputs / "notes.txt", "--model", run]
    assert detect.main([*map(str, call), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().out
    assert said.count("broken.mp4") == 1
    assert "notes.txt: .txt is not the suffix of a picture or a video" in said


def test_wrong_calls(run, inputs, results, tmp_path, capsys):
    def call(*arguments):
        status = detect.main(list(map(str, arguments)))
        return status, capsys.readouterr().err

    face, out = inputs / "face.jpg", tmp_path / "out"
    status, said = call(tmp_path / "no", "--model", run, "--out", out)
    assert (status, "no does not exist" in said) == (2, True)
    status, said = call(face, "--model", tmp_path / "no", "--out", out)
    assert (status, "holds no model" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", results[0], "--fps", "5")
    assert (status, "has results of another call" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", out, "--threshold", "7")
    assert (status, "between 0 and 1" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", results[0], "--threshold", "0.1")
    assert (status, "model.threshold was" in said) == (2, True)
    status, said = call(face, "--model", run, "--out", "/dev/null/out")
    assert (status, "/dev/null/out cannot be written to" in said) == (2, True)
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize("verb", [["fakeloc_tf.detect"], ["fakeloc_tf.cli", "detect"]])
def test_as_a_command_of_its_own(run, tmp_path, verb):
    call = [sys.executable, "-m", *verb, PORTRAIT, "--model", run]
    done = subprocess.run(
        [*call, "--out", tmp_path / "out", "--threshold", "0"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["1 ok", "1 likely manipulated"]
    assert done.stdout.splitlines()[2].startswith("  likely manipulated ")
    # No bar, and no empty line in its place.
    assert all(line.startswith("WARNING") for line in done.stderr.splitlines())
    row = json.loads((tmp_path / "out/results.jsonl").read_text())
    assert row["verdict"] == "likely_manipulated"
    call = json.loads((tmp_path / "out/call.json").read_text())
    assert call["command"][:2] == ["fakeloc", "detect"]
    assert call["command"].count("detect") == 1
    assert call["model"]["threshold"] == 0.0
    assert len(call["model"]["sha256"]) == 64
