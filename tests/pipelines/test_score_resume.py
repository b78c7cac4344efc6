"""A scoring that is stopped goes on, and ends with the same rows."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import hostile_files as hostile
import pandas as pd
import pytest
import score_calls
import toy_run

from pipelines.scoring import chunks, finishing, reading

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("score_resume_runs") / "toy")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return score_calls.make_input(tmp_path_factory.mktemp("score_resume_in") / "in")


@pytest.fixture(scope="module", autouse=True)
def small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "FACES", 2)
        yield


@pytest.fixture(scope="module")
def undisturbed(run, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("score_resume") / "undisturbed"
    assert score_calls.call(inputs, run, out) == 1
    return out


@pytest.fixture
def looked_at(monkeypatch):
    """Names of the files that are looked at."""
    find, names = reading.find_faces, []

    def noted(path, kind, settings):
        names.append(path.name)
        return find(path, kind, settings)

    monkeypatch.setattr(reading, "find_faces", noted)
    return names


@pytest.mark.parametrize(
    ("fails", "at"),
    [
        ("write_chunk", 1),
        pytest.param("write_marker", 2, marks=pytest.mark.slow),
        pytest.param("_write", 3, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_keeps_what_is_finished(
    run, inputs, undisturbed, tmp_path, capsys, monkeypatch, looked_at, fails, at
):
    whole, calls = getattr(finishing.Finisher, fails), []

    def fail(self, *arguments):
        calls.append(fails)
        if len(calls) == at:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(self, *arguments)

    monkeypatch.setattr(finishing.Finisher, fails, fail)
    out = tmp_path / "out"
    assert score_calls.call(inputs, run, out) == 2
    said = capsys.readouterr().err
    assert "No space left" in said and "the same command goes on" in said
    done = pd.concat(
        [
            pd.read_parquet(p)
            for name in ("files", "bad_files")
            for p in (out / name).glob("part-*")
            if (out / "files" / p.name).exists()
        ]
        or [pd.DataFrame({"path": []})]
    )
    monkeypatch.setattr(finishing.Finisher, fails, whole)
    looked_at.clear()
    assert score_calls.call(inputs, run, out) == 1
    assert not {Path(path).name for path in done["path"]} & set(looked_at)
    score_calls.assert_same_rows(out, undisturbed)
    assert not list(out.glob("**/*.tmp")) and not (out / ".work").exists()


def test_what_a_stopped_attempt_left_is_not_mixed_in(
    run, inputs, undisturbed, tmp_path, looked_at
):
    """A group without its last file: it is read again, under another name."""
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    (out / ".work").mkdir()
    lost = out / "files/part-00000002.parquet"
    left = out / "faces/part-00000002.parquet"
    shutil.copy(left, out / ".work/00000002.00000000.000000.parquet")
    files = set(pd.read_parquet(lost)["path"])
    files |= set(pd.read_parquet(out / "bad_files" / lost.name)["path"])
    lost.unlink()
    assert score_calls.call(inputs, run, out) == 1
    assert {str(inputs / name) for name in looked_at} == files
    score_calls.assert_same_rows(out, undisturbed)


def test_a_video_that_fails_late_leaves_no_faces(run, inputs, tmp_path, monkeypatch):
    find = reading.find_faces

    def fail(path, kind, settings):
        yield from find(path, kind, settings)
        if path.suffix == ".mp4":
            raise ValueError("the end is damaged")

    monkeypatch.setattr(reading, "find_faces", fail)
    out = tmp_path / "out"
    assert score_calls.call(inputs, run, out) == 1
    bad = pd.read_parquet(out / "bad_files").set_index("path")
    assert "the end is damaged" in bad.loc[str(inputs / "clip.mp4"), "reason"]
    assert "video" not in set(pd.read_parquet(out / "faces")["kind"])
    assert "video" not in set(pd.read_parquet(out / "files")["kind"])


def test_hostile_files_are_listed_with_a_reason(run, tmp_path):
    """In processes of their own, as by default."""
    top = tmp_path / "in"
    top.mkdir()
    hostile.write_bombs(top)
    hostile.write_no_files(top)
    hostile.write_names(top)
    hostile.write_pictures(top)
    out = tmp_path / "out"
    assert score_calls.call(top, run, out, "--readers", "2") == 1
    files = pd.read_parquet(out / "files").set_index("path")
    bad = pd.read_parquet(out / "bad_files").set_index("path")
    paths = [
        os.path.join(root, name)
        for root, _, names in os.walk(top)
        for name in names
        if not os.path.islink(os.path.join(root, name)) or name != "round"
    ]
    assert len(files) + len(bad) == len(paths)
    assert not set(files.index) & set(bad.index)
    assert files.index.is_unique and bad.index.is_unique
    assert files.loc[str(top / "good.jpg"), "status"] == "ok"
    assert bad["reason"].str.len().min() > 20
    assert "at most" in bad.loc[str(top / "bomb.png"), "reason"]
    assert "not a regular file" in bad.loc[str(top / "pipe.jpg"), "reason"]


@pytest.mark.slow
def test_killed_twice_it_equals_an_undisturbed_run(run, inputs, undisturbed, tmp_path):
    out = tmp_path / "out"
    call = [sys.executable, "-m", "pipelines.score", "--input", inputs, "--model", run]
    call += ["--out", out, "--group-size", "3", *score_calls.SIDE]
    for finished in (1, 2):
        process = subprocess.Popen(
            list(map(str, call)), cwd=ROOT, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and (
            len(list(out.glob("files/part-*.parquet"))) < finished
        ):
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not (out / "summary.json").exists()
    assert subprocess.run(list(map(str, call)), cwd=ROOT).returncode == 1
    score_calls.assert_same_rows(out, undisturbed)
