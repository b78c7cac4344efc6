"""A run that was stopped anywhere ends with the weights of an undisturbed one."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import synthetic
import tiny_training

from fakeloc_tf import train
from fakeloc_tf.models import detector
from fakeloc_tf.training import callbacks
from fakeloc_tf.training.two_step import TwoStepTraining

# 4 batches an epoch: 4 in step 1, 8 in step 2.
BATCHES = 4
EXTRA = (
    "training.deterministic=true",
    "training.checkpoint_every=2",
    "training.ema=0.9",
    "data.augment.jpeg=0.5",
    "data.shuffle_buffer=8",
)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return synthetic.write_records(
        tmp_path_factory.mktemp("data") / "records", {"train": 8 * BATCHES, "val": 8}
    )


def call(*argv):
    """The script in a process of its own, with deterministic ops on."""
    script = Path(tiny_training.__file__)
    return subprocess.run(
        [sys.executable, str(script), *argv], capture_output=True, text=True
    )


def train_here(run, records, *options):
    argv = tiny_training.arguments(run, records, *options, extra=EXTRA[1:])
    return train.main(argv)


def weights(run, name="best.keras"):
    return detector.load_detector(run / name).get_weights()


@pytest.fixture(scope="module")
def undisturbed(records, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    assert train_here(run, records) == 0
    return run


class Stop(KeyboardInterrupt):
    """As Ctrl-C at a chosen place."""


def stop_after_batch(monkeypatch, number):
    left = [number]

    def stop(self, batch, logs=None):
        left[0] -= 1
        if not left[0]:
            raise Stop

    monkeypatch.setattr(callbacks.ProgressBar, "on_train_batch_end", stop)


@pytest.mark.parametrize(
    "number", [7, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 3, 5, 12))]
)
def test_stopped_at_any_batch(undisturbed, records, tmp_path, monkeypatch, number):
    """Before and after a checkpoint of step 1 and of step 2, and at the very end."""
    stop_after_batch(monkeypatch, number)
    assert train_here(tmp_path / "run", records) == 130
    monkeypatch.undo()

    assert train_here(tmp_path / "run", records, "--resume") == 0

    for name in ("step1.keras", "best.keras"):
        pairs = zip(
            weights(undisturbed, name), weights(tmp_path / "run", name), strict=True
        )
        for expected, resumed in pairs:
            np.testing.assert_allclose(resumed, expected, atol=1e-6)
    expected = tiny_training.measured(undisturbed)
    assert tiny_training.measured(tmp_path / "run") == expected


@pytest.mark.slow
def test_stopped_between_the_steps(undisturbed, records, tmp_path, monkeypatch):
    step = TwoStepTraining._train_step

    def only_step1(self, plan):
        if plan.name == "step2":
            raise Stop
        step(self, plan)

    monkeypatch.setattr(TwoStepTraining, "_train_step", only_step1)
    assert train_here(tmp_path / "run", records) == 130
    monkeypatch.undo()

    assert train_here(tmp_path / "run", records, "--resume") == 0

    for expected, resumed in zip(
        weights(undisturbed), weights(tmp_path / "run"), strict=True
    ):
        np.testing.assert_allclose(resumed, expected, atol=1e-6)


def test_a_finished_run_is_resumed_without_training(undisturbed, records, monkeypatch):
    stop_after_batch(monkeypatch, 1)

    assert train_here(undisturbed, records, "--resume") == 0


@pytest.mark.slow
def test_killed_three_times_gives_the_same_bits(records, tmp_path):
    """kill -9 in step 1, in step 2 and again, with deterministic ops."""
    whole = tiny_training.arguments(tmp_path / "whole", records, extra=EXTRA)
    assert call(*whole).returncode == 0
    killed = tiny_training.arguments(tmp_path / "killed", records, extra=EXTRA)

    for after, resume in (("3", []), ("4", ["--resume"]), ("3", ["--resume"])):
        run = call("--kill-after", after, *killed, *resume)
        assert run.returncode == -signal.SIGKILL, run.stderr
    assert call(*killed, "--resume").returncode == 0

    for name in ("step1.keras", "best.keras"):
        for expected, resumed in zip(
            weights(tmp_path / "whole", name),
            weights(tmp_path / "killed", name),
            strict=True,
        ):
            np.testing.assert_array_equal(resumed, expected)
