"""A preparation that is stopped goes on, and ends with the same bytes."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trees

from pipelines import parts, prepare

SMALL = trees.SMALL
ROOT = Path(__file__).resolve().parents[2]


def arguments(tree, out):
    return ["--input", str(tree), "--out", str(out), *SMALL]


@pytest.fixture(scope="module")
def tree(ffpp_tree, tmp_path_factory):
    """The tree, with a folder of this module's own around it."""
    root = tmp_path_factory.mktemp("tree") / "tree"
    root.symlink_to(ffpp_tree)
    return root


@pytest.fixture(scope="module")
def undisturbed(tree):
    out = tree.parent / "undisturbed"
    assert prepare.main(arguments(tree, out)) == 0
    return out


@pytest.fixture
def calls(monkeypatch):
    """Counts the sources that are extracted; `fail_at` makes one of them fail."""
    extract = parts.extract_faces
    seen = {"count": 0, "fail_at": None}

    def counted(source, settings, follower):
        seen["count"] += 1
        if seen["count"] == seen["fail_at"]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return extract(source, settings, follower)

    monkeypatch.setattr(parts, "extract_faces", counted)
    return seen


def test_a_full_disk_keeps_what_is_finished(tree, undisturbed, tmp_path, capsys, calls):
    out = tmp_path / "out"
    calls["fail_at"] = 5
    assert prepare.main(arguments(tree, out)) == 2
    message = capsys.readouterr().err
    assert "No space left" in message and "the same command goes on" in message
    assert not out.exists()

    calls |= {"count": 0, "fail_at": None}
    assert prepare.main(arguments(tree, out)) == 0
    # Twelve sources, of which four were finished.
    assert calls["count"] == 12 - 4
    trees.assert_same_files(out, undisturbed)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("shards_before", [1, 3])
def test_a_stop_between_two_shards_loses_nothing(
    tree, undisturbed, tmp_path, calls, monkeypatch, shards_before
):
    out, join, joined = tmp_path / "out", parts.join_parts, []

    def stopped(path, found):
        if len(joined) == shards_before:
            raise OSError(errno.EIO, "stopped")
        joined.append(path)
        return join(path, found)

    monkeypatch.setattr(parts, "join_parts", stopped)
    assert prepare.main(arguments(tree, out)) == 2
    monkeypatch.setattr(parts, "join_parts", join)
    calls["count"] = 0
    assert prepare.main(arguments(tree, out)) == 0

    assert calls["count"] == 0
    trees.assert_same_files(out, undisturbed)


def test_unfinished_work_of_another_job_is_not_mixed_in(tree, tmp_path, capsys, calls):
    out = tmp_path / "out"
    calls["fail_at"] = 2
    assert prepare.main(arguments(tree, out)) == 2
    capsys.readouterr()

    assert prepare.main([*arguments(tree, out), "--set", "prepare.sigma=9"]) == 2
    assert "other input or with other settings" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_three_times_it_equals_an_undisturbed_run(tree, undisturbed, tmp_path):
    out = tmp_path / "out"
    done = tmp_path / "out.partial" / ".parts"
    call = [sys.executable, "-m", "pipelines.prepare", *arguments(tree, out)]
    for finished in (1, 5, 10):
        process = subprocess.Popen(call, cwd=ROOT, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list(done.glob("*.json"))) < finished:
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    subprocess.run(call, cwd=ROOT, check=True)

    trees.assert_same_files(out, undisturbed)
