"""Two processes over loopback, each with its TF_CONFIG, as on two machines."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic
import tiny_training

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training import strategies

EXTRA = (
    "training.step2.epochs=1",
    "training.scalar_every=1",
    "training.checkpoint_every=2",
)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A validation split that two workers cannot share evenly."""
    return synthetic.write_records(
        tmp_path_factory.mktemp("data") / "records", {"train": 32, "val": 11}
    )


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start_workers(run, records, *options, kill=None, extra=EXTRA):
    """Both workers; `kill` = (worker, batches after which it kills itself)."""
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    started = []
    for index in range(2):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": workers}, "task": task}
        argv = tiny_training.arguments(
            run, records, "--strategy=multi_worker", *options, extra=extra
        )
        if kill and kill[0] == index:
            argv = ["--kill-after", str(kill[1]), *argv]
        started.append(
            subprocess.Popen(
                [sys.executable, str(Path(tiny_training.__file__)), *argv],
                env=os.environ | {"TF_CONFIG": json.dumps(config)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return started


def losses(run):
    """Every batch's loss and every epoch's validation loss, by (tag, step)."""
    import tensorflow as tf
    from tensorflow.python.summary.summary_iterator import summary_iterator

    found = {}
    for path in sorted((run / "tensorboard").rglob("events.*")):
        for event in summary_iterator(str(path)):
            for value in event.summary.value:
                if value.tag.endswith("loss"):
                    key = (path.parent.name, value.tag, event.step)
                    found[key] = float(tf.make_ndarray(value.tensor))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("steps", ["1", "both"])
def test_two_workers_have_the_losses_of_one(records, tmp_path, steps):
    option = f"--steps={steps}"
    argv = tiny_training.arguments(tmp_path / "one", records, option, extra=EXTRA)
    script = str(Path(tiny_training.__file__))
    alone = subprocess.Popen(
        [sys.executable, script, *argv], stderr=subprocess.PIPE, text=True
    )
    workers = start_workers(tmp_path / "two", records, option)
    for process in (alone, *workers):
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors

    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")

    assert set(one) == set(two) and len(one) >= (6 if steps == "1" else 12)
    for key, value in one.items():
        # The first batch differs by rounding only. It grows from batch to batch, since
        # batch normalisation over eight faces and Adam amplify it (test_strategies).
        first = key[0] == "step1" and key[2] == 1
        assert two[key] == pytest.approx(value, rel=1e-5 if first else 2e-2), key
    assert {path.name for path in (tmp_path / "one").iterdir()} == {
        path.name for path in (tmp_path / "two").iterdir()
    }


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1])
def test_a_dead_worker_is_told_and_a_restart_resumes(records, tmp_path, victim):
    workers = start_workers(tmp_path / "run", records, kill=(victim, 3))
    assert workers[victim].wait(timeout=240) == -signal.SIGKILL

    _, errors = workers[1 - victim].communicate(timeout=60)

    assert workers[1 - victim].returncode == 2, errors
    assert "does not answer any more" in errors and "--resume" in errors
    for process in start_workers(tmp_path / "run", records, "--resume"):
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        assert "goes on after 0 epoch(s) and 2 batch(es)" in errors


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"cluster": {"worker": ["a:1"]}}']
    + ['{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}'],
)
def test_a_missing_or_wrong_tf_config_is_explained(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(FakelocError, match="TF_CONFIG"):
        strategies.check_tf_config()


@pytest.mark.parametrize(
    ("kind", "index", "others", "chief"),
    [
        ("worker", 0, {}, True),
        ("worker", 1, {}, False),
        ("chief", 0, {"chief": ["c:1"]}, True),
        ("worker", 0, {"chief": ["c:1"]}, False),
    ],
)
def test_the_first_worker_writes(monkeypatch, kind, index, others, chief):
    cluster = {"worker": ["a:1", "b:1"]} | others
    config = {"cluster": cluster, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert strategies.is_chief("multi_worker") is chief
    assert strategies.is_chief("mirrored")
    assert strategies.check_tf_config() == 2 + len(others)
