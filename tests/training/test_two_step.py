"""The two-step trainer, run as a user runs it on a toy set."""

import json

import numpy as np
import pytest
import synthetic

from fakeloc_tf import train
from fakeloc_tf.models import detector

TOY = (
    "model.image_size=64",
    "model.backbone.width=0.1",
    "model.backbone.weights=none",
    "data.demo=false",
    "training.batch_size=8",
    "training.step1.epochs=1",
    "training.step2.epochs=2",
)


def run_training(run, records, *options, extra=()):
    """`fakeloc train` at toy size; returns its exit status."""
    argv = [f"--run={run}", f"--data={records}", *options]
    for override in (*TOY, *extra):
        argv += ["--set", override]
    return train.main(argv)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("data") / "records")


@pytest.fixture(scope="module")
def finished(records, tmp_path_factory):
    """An undisturbed run on one device."""
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    assert run_training(run, records, "--strategy=one") == 0
    return run


def weights(run):
    return detector.load_detector(run / "best.keras").get_weights()


def test_run_folder_holds_what_a_reader_needs(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    assert 0.0 <= metrics["validation_threshold"] <= 1.0
    assert {"val_auc", "val_iou", "val_loss"} <= set(metrics)
    versions = json.loads((finished / "versions.json").read_text())
    assert {"tensorflow", "keras", "git", "python"} <= set(versions)
    assert "preset: paper" in (finished / "config.yaml").read_text()
    assert len(list((finished / "tensorboard").rglob("events.*"))) == 2


def test_tensorboard_has_pictures_and_scalars(finished):
    from tensorflow.python.summary.summary_iterator import summary_iterator

    (events,) = (finished / "tensorboard" / "step2").glob("events.*")
    tags = {
        v.tag for event in summary_iterator(str(events)) for v in event.summary.value
    }
    assert {"face", "mask/true", "mask/predicted"} <= tags
    assert {"noise/true", "noise/predicted"} <= tags
    assert {"loss", "val_auc", "val_iou"} <= tags


def test_a_run_stopped_between_epochs_resumes_to_the_same_weights(
    finished, records, tmp_path, monkeypatch
):
    from fakeloc_tf.training.callbacks import BestModel

    run = tmp_path / "stopped"
    save = BestModel.on_epoch_end

    def stop_in_step2(self, epoch, logs=None):
        save(self, epoch, logs)
        if self._path.name == "best.keras":
            raise KeyboardInterrupt

    monkeypatch.setattr(BestModel, "on_epoch_end", stop_in_step2)
    assert run_training(run, records, "--strategy=one") == 130
    monkeypatch.undo()
    assert run_training(run, records, "--strategy=one", "--resume") == 0
    for undisturbed, resumed in zip(weights(finished), weights(run), strict=True):
        np.testing.assert_allclose(resumed, undisturbed, atol=1e-6)


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
