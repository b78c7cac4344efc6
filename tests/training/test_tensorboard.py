"""The TensorBoard callback: which points it writes, and when; resumed runs."""

import numpy as np
import pytest
from board_stand_in import (
    BATCHES,
    Counted,
    board,
    drive,
    logs,
    points,
    scalars,
)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fakeloc_tf.training.board import event_files


def test_a_person_finds_every_kind_of_result(run):
    accumulator = EventAccumulator(str(run[0]), {"tensors": 0}).Reload()
    tags = set(accumulator.Tags()["tensors"])
    train = ("loss", "semantic_deep", "learning_rate", "gradient_norm")
    rates = ("images_per_second", "data_wait_share")
    assert tags - {"_hparams_/experiment", "_hparams_/session_start_info"} == {
        *(f"train/{name}" for name in (*train, *rates)),
        "epoch/loss",
        "validation/auc",
        "validation/loss",
        "curves/roc",
        "curves/precision_recall",
        "curves/score_distribution",
        "curves/pr/pr_curves",
        "scores/reals",
        "scores/fakes",
        "scores/iou_of_fakes",
        "faces/overlay",
        "faces/overview",
        "run/config",
    }
    assert accumulator.Tags()["graph"]


def test_points_are_at_their_steps_with_their_values(run):
    steps = [4, 8, 12, 16]
    assert scalars(run[0], "train/loss") == [(s, np.float32(1 / s)) for s in steps]
    assert scalars(run[0], "epoch/loss") == [
        (done, np.float32(1 / done)) for done in (1, 2, 3)
    ]
    assert [step for step, _ in scalars(run[0], "validation/auc")] == [1, 2, 3]


def test_rates_are_of_the_window_since_the_last_point(run):
    # 4 batches of 8; the steps took 1+2+3+4, 5+6+7+8, ... seconds.
    rates = [np.float32(32 / seconds) for seconds in (10, 26, 42, 58)]
    assert [v for _, v in scalars(run[0], "train/images_per_second")] == rates
    # Each waited a quarter of its time.
    assert [v for _, v in scalars(run[0], "train/data_wait_share")] == [0.25] * 4


def test_losses_are_read_only_where_a_point_is_due(tmp_path):
    callback = board(tmp_path)
    callback.on_train_begin()
    Counted.reads = 0
    for step in range(1, 9):
        callback.on_train_batch_end(0, logs(step) | {"loss": Counted(1.0)})
    callback.on_train_end()
    assert Counted.reads == 2


def test_pictures_come_every_other_epoch_and_at_the_end(run):
    for tag in ("faces/overview", "curves/roc", "scores/fakes"):
        assert [step for step, _ in points(run[0])[tag]] == [2, 3]


def test_an_early_stop_has_pictures_too(tmp_path):
    callback = board(tmp_path, epochs=9, image_every=9)
    callback.model.stop_training = True
    drive(callback, epochs=1)
    assert [step for step, _ in points(tmp_path)["faces/overview"]] == [1]


@pytest.mark.parametrize("last", [3, 8, 10, 12, 17], ids=lambda s: f"killed after {s}")
def test_a_resumed_run_has_each_point_once(run, tmp_path, last):
    drive(board(tmp_path), stop_after=last)
    checkpoint = last // 3 * 3  # every third batch
    # One that was written with an epoch's last batch has the validation to come.
    epoch = (checkpoint - 1) // BATCHES
    drive(board(tmp_path, first_step=checkpoint + 1, first_epoch=epoch))
    resumed, undisturbed = points(tmp_path), points(run[0])
    assert {tag: [s for s, _ in rows] for tag, rows in resumed.items()} == {
        tag: [s for s, _ in rows] for tag, rows in undisturbed.items()
    }
    assert scalars(tmp_path, "train/loss") == scalars(run[0], "train/loss")
    accumulator = EventAccumulator(str(tmp_path), {"tensors": 0}).Reload()
    assert len(accumulator.Tensors("epoch/loss")) == 3


def test_a_record_cut_off_by_a_kill_does_not_stop_the_resume(tmp_path):
    drive(board(tmp_path), stop_after=10)
    (path,) = tmp_path.glob("events.*")
    path.write_bytes(path.read_bytes()[:-5])
    drive(board(tmp_path, first_step=7, first_epoch=1))
    steps = [step for step, _ in scalars(tmp_path, "train/loss")]
    assert steps == [4, 8, 12, 16]


def test_nothing_is_rewritten_where_nothing_comes_again(run, tmp_path):
    drive(board(tmp_path), epochs=1)
    (path,) = tmp_path.glob("events.*")
    before = (path.stat().st_ino, path.read_bytes())
    left = event_files.drop_from(tmp_path, first_epoch=1, first_step=BATCHES + 1)
    assert (path.stat().st_ino, path.read_bytes()) == before
    assert {"train/loss", "run/config"} <= left
