"""The two-step trainer, run as a user runs it on a toy set."""

import json

import board_stand_in
import pytest
import synthetic
import tiny_training

from fakeloc_tf import train
from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import read_calibration
from fakeloc_tf.training.run_folder import RunFolder


def run_training(run, records, *options, extra=()):
    """`fakeloc train` at toy size; returns its exit status."""
    return train.main(tiny_training.arguments(run, records, *options, extra=extra))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "records"
    # As many validation faces as a temperature needs.
    return synthetic.write_records(folder, {"train": 16, "val": 24, "test": 8})


@pytest.fixture(scope="module")
def finished(records, tmp_path_factory):
    """An undisturbed run on one device."""
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    assert run_training(run, records, "--strategy=one") == 0
    return run


def test_run_folder_holds_what_a_reader_needs(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    assert 0.0 <= metrics["validation_threshold"] <= 1.0
    assert {"val_auc", "val_iou", "val_loss"} <= set(metrics)
    calibration = read_calibration(finished)
    assert calibration.before.nll == pytest.approx(metrics["val_classification"])
    assert calibration.faces == 24 and calibration.after.nll <= calibration.before.nll
    versions = json.loads((finished / "versions.json").read_text())
    assert {"tensorflow", "keras", "git", "python"} <= set(versions)
    assert "preset: paper" in (finished / "config.yaml").read_text()
    assert len(list((finished / "tensorboard").rglob("events.*"))) == 2


def test_a_run_is_not_overwritten_and_keeps_its_config(finished, records, capsys):
    assert run_training(finished, records) == 2
    assert "--resume" in capsys.readouterr().err
    assert run_training(finished, records, "--resume", extra=("loss.mask=2.0",)) == 2
    assert "loss.mask: 1.0 -> 2.0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ("--set=training.batchsize=3", "training.batch_size"),
        ("--strategy=many", "training.strategy"),
        ("--config=nowhere.yaml", "nowhere.yaml"),
        ("--data=nowhere", "pipelines.prepare"),
    ],
)
def test_wrong_calls_say_what_is_wrong_and_leave_nothing(
    option, word, tmp_path, capsys
):
    run = tmp_path / "run"
    assert train.main([f"--run={run}", "--set=data.demo=false", option]) == 2
    assert word in capsys.readouterr().err
    assert not run.exists()


@pytest.mark.parametrize(
    ("change", "option", "words"),
    [
        ({}, "training.batch_size=99", "training.batch_size=99"),
        ({}, "model.classes=[pristine, fake]", "the five-way model names pristine"),
        ({"val": {"pristine": 8}}, "training.seed=0", "'val' has 8 real and 0 fake"),
        ({"val": {}}, "training.seed=0", "'val' has 0 real and 0 fake"),
        (
            {"train": {"FaceSwap": 9}},
            "training.seed=0",
            "'train' has 0 real and 9 fake",
        ),
    ],
)
def test_records_that_cannot_be_trained_on_are_refused_before_any_work(
    records, tmp_path, capsys, change, option, words
):
    info = json.loads((records / "dataset.json").read_text())
    info["counts"] |= change
    data, run = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    (data / "dataset.json").write_text(json.dumps(info))

    status = run_training(run, data, extra=("model.five_way=true", option))

    assert status == 2
    message = capsys.readouterr().err
    assert words in message and str(data) in message
    assert not run.exists()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("training.accumulate=3", "take a multiple of 3, such as 9"),
        ("data.augment.self_blend=0.5", "data.augment.self_blend"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    records, tmp_path, capsys, option, words
):
    run = tmp_path / "run"

    assert run_training(run, records, extra=("model.five_way=true", option)) == 2

    assert words in capsys.readouterr().err
    assert not run.exists()


@pytest.mark.slow
def test_one_class_in_the_records_only_is_said(tmp_path, capsys, monkeypatch):
    """dataset.json may promise what the records do not hold."""
    make = synthetic.synthetic_face
    monkeypatch.setattr(
        synthetic,
        "synthetic_face",
        lambda index, split, size: make(
            index * (2 if split == "val" else 1), split, size
        ),
    )
    data = synthetic.write_records(tmp_path / "data")
    info = json.loads((data / "dataset.json").read_text())
    info["counts"]["val"] = {"pristine": 4, "FaceSwap": 4}
    (data / "dataset.json").write_text(json.dumps(info))

    assert run_training(tmp_path / "run", data) == 2

    assert "holds real faces only (8 faces)" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_stops_with_step_and_faces(records, tmp_path, capsys):
    run = tmp_path / "run"

    status = run_training(
        run,
        records,
        extra=(
            "training.step2.learning_rate=1e30",
            "training.batch_size=4",
            "training.checkpoint_every=1",
        ),
    )

    assert status == 2
    message = capsys.readouterr().err
    assert "the loss of batch" in message
    assert str(run / "checkpoints" / "step") in message
    assert "train-00000-of-00001.tfrecord#" in message


@pytest.mark.slow
def test_a_validation_loss_that_is_not_finite_stops(records, tmp_path, capsys):
    """The last update of an epoch may break what no training batch shows any more."""
    extra = ("training.step1.learning_rate=1e30", "training.batch_size=16")

    assert run_training(tmp_path / "run", records, extra=extra) == 2

    message = capsys.readouterr().err
    assert "validation loss after epoch 1" in message and "none yet" in message


def test_too_little_memory_names_what_to_try(records, tmp_path, capsys, monkeypatch):
    import tensorflow as tf

    from fakeloc_tf.training import loop

    def exhausted(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr(loop, "fit", exhausted)

    assert run_training(tmp_path / "run", records) == 2

    message = capsys.readouterr().err
    assert "training.batch_size=8" in message
    assert "--set training.accumulate=2" in message


@pytest.mark.slow
def test_steps_one_at_a_time_and_step_2_from_another_run(
    finished, records, tmp_path, capsys
):
    run = tmp_path / "run"
    assert run_training(run, records, "--steps=2") == 2
    assert "--steps 1" in capsys.readouterr().err
    assert not run.exists()

    assert run_training(run, records, "--steps=1") == 0
    assert (run / "step1.keras").exists() and not (run / "best.keras").exists()
    assert run_training(run, records, "--steps=2", "--resume") == 0
    expected = tiny_training.measured(finished)
    assert tiny_training.measured(run) == expected

    other = tmp_path / "other"
    assert run_training(other, records, f"--step1-from={run}") == 0
    assert not (other / "step1.keras").exists()
    assert tiny_training.measured(other) == expected


@pytest.mark.slow
def test_patience_ends_a_step(records, tmp_path, caplog):
    """Without a rate and with averages that stay nothing betters the first epoch."""
    run = tmp_path / "run"
    extra = (
        "training.step2.epochs=6",
        "training.step2.patience=2",
        "training.step2.learning_rate=1e-30",
        "training.image_every=6",
        "model.batch_norm_momentum=1.0",
    )
    with caplog.at_level("INFO"):
        assert run_training(run, records, extra=extra) == 0
        assert run_training(run, records, "--resume", extra=extra) == 0

    assert caplog.text.count("stopped after epoch") == 1
    seen = board_stand_in.points(run / "tensorboard" / "step2")
    epochs = [step for step, _ in seen["validation/auc"]]
    assert epochs == [1, 2, 3]
    assert [step for step, _ in seen["faces/overview"]] == [3]


@pytest.mark.parametrize(
    ("heads", "pictured"),
    [
        ("[]", set()),
        ("[noise]", set()),
        pytest.param("[semantic]", {"faces/overlay"}, marks=pytest.mark.slow),
    ],
)
def test_detectors_without_some_heads_train_to_their_end(
    records, tmp_path, heads, pictured
):
    extra = (f"model.heads={heads}", "training.step2.epochs=1")

    assert run_training(tmp_path, records, extra=extra) == 0

    measured = json.loads((tmp_path / "metrics.json").read_text())
    assert ("val_iou" in measured) == bool(pictured)
    tags = board_stand_in.points(tmp_path / "tensorboard" / "step2")
    assert {"faces/overview", "curves/roc"} <= set(tags)
    assert {"faces/overlay"} & set(tags) == pictured


def test_a_start_that_was_killed_before_its_config_can_start_again(tmp_path):
    (tmp_path / "versions.json").write_text("{}")
    folder = RunFolder(tmp_path)

    folder.start(Config(), resume=False)

    assert folder.config.exists() and "python" in folder.versions.read_text()
    (tmp_path / "config.yaml").unlink()
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FakelocError, match="not empty"):
        folder.start(Config(), resume=False)
