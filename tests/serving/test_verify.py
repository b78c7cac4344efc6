"""The comparison of an export with Keras: whatever it could say wrong is noticed."""

import json

import engine_exports
import numpy as np
import pytest
import toy_run

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.loading import INFO_FILE
from fakeloc_tf.serving.exports import verify

FACES, SIZE = 3, 4


@pytest.fixture
def expected():
    rng = np.random.default_rng(5)
    return {
        "probability": rng.random((FACES, 1)).astype(np.float32),
        "localization": rng.random((FACES, SIZE, SIZE, 1)).astype(np.float32),
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    (tmp_path / INFO_FILE).parent.mkdir()
    (tmp_path / INFO_FILE).write_text('{"name": "toy"}\n')
    return tmp_path


@pytest.fixture
def right(expected):
    """The answers of an export without fault: call → array."""
    answers = {
        call: value.copy() for call, value in verify._of_saved_model(expected).items()
    }
    for call in answers:
        if call.endswith("png_bytes"):
            answers[call] = np.round(answers[call] * 255) / np.float32(255)
    return answers | {"describe/first/info": np.array([b'{"name": "toy"}'])}


def largest(score, export, crops):
    found = verify.differences_from_keras(score, export, crops)
    assert all(0 <= one.mean <= one.largest for one in found.values())
    return {name: one.largest for name, one in found.items()}


def compare(monkeypatch, folder, expected, answers):
    monkeypatch.setattr(verify, "_ask", lambda *_: answers)
    return largest(lambda _: expected, folder, np.empty(FACES))


def test_an_export_without_fault_differs_nowhere(monkeypatch, folder, expected, right):
    found = compare(monkeypatch, folder, expected, right)
    assert len(found) == 3 + 4 + 3 + 1
    assert max(found.values()) < 1e-6


FAULTS = {
    "predict_faces/all/probability": lambda v: v + 2e-5,
    "predict_faces/first/localization": lambda v: v - 2e-5,
    "serving_default/all/localization": lambda v: v * np.nan,
    "serving_default/all/localization_png_bytes": lambda v: v + 1 / 255,
    "serving_default/all/status": lambda v: np.roll(["unreadable", "ok", "ok"], 1),
    "serving_default/damaged/probability": np.nan_to_num,
    "serving_default/damaged/localization": lambda v: v[::-1],
    "compact/damaged/localization_png_bytes": np.nan_to_num,
    "compact/damaged/status": lambda v: np.array([b"ok"] * len(v)),
    "compact/first/probability": lambda v: v[:0],
    "describe/first/info": lambda v: np.array([b"{}"]),
}


@pytest.mark.parametrize("call", FAULTS)
def test_a_fault_shows_in_its_own_line(monkeypatch, folder, expected, right, call):
    right[call] = FAULTS[call](right[call])
    found = compare(monkeypatch, folder, expected, right)
    signature, _, output = call.split("/")
    assert found.pop(f"{signature}/{output}") > 1.5e-5
    assert max(found.values()) < 1e-6


def test_what_is_missing_is_wrong(monkeypatch, folder, expected, right):
    del right["compact/all/probability"]
    found = compare(monkeypatch, folder, expected, right)
    assert found["compact/probability"] == verify.WRONG


def test_a_model_that_says_nan_is_no_measure(monkeypatch, folder, expected, right):
    expected["probability"][1] = np.nan
    with pytest.raises(FakelocError, match="NaN"):
        compare(monkeypatch, folder, expected, right)


@pytest.mark.slow
def test_a_description_that_is_not_the_graphs_is_noticed(tmp_path):
    run = toy_run.make_run(tmp_path / "toy")
    copy = engine_exports.write(run, "saved_model", tmp_path / "1")
    info = json.loads((copy / INFO_FILE).read_text())
    (copy / INFO_FILE).write_text(json.dumps(info | {"threshold": 0.9}, indent=2))
    crops = np.zeros((2, 72, 72, 3), np.uint8)
    size = info["image_size"]
    wrong = {
        "probability": np.zeros((2, 1), np.float32),
        "localization": np.zeros((2, size, size, 1), np.float32),
    }
    found = largest(lambda _: wrong, copy, crops)
    assert found["describe/info"] == verify.WRONG
    # The process that was asked did answer.
    assert found["compact/status"] == 0
    assert 0 < found["serving_default/probability"] < 1
