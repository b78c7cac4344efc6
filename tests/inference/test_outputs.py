"""The output folder: order, what a kill leaves, names that do not collide."""

import json

import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.outputs import Outputs, finished_rows

CALL = {"model": {"path": "a", "sha256": "x"}, "options": {"fps": 4.0, "box": (1, 2)}}


def test_rows_get_the_order_that_is_asked_and_the_last_one_of_a_path_stays(tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    for path, value in (("b", 1), ("a", 2), ("c", 3), ("b", 4)):
        outputs.append({"path": path, "value": value})
    outputs.sort(["a", "b", "gone"])
    rows = [json.loads(line) for line in outputs.results.read_text().splitlines()]
    assert [(row["path"], row["value"]) for row in rows] == [
        ("a", 2),
        ("b", 4),
        ("c", 3),
    ]


def test_discard_takes_the_files_of_one_name_only(tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    for name in ("a@0.png", "a.png", "a-2@0.png", "ab@0.png", "a@1-000003.png"):
        (outputs.folder / "masks" / name).write_bytes(b"")
    # As a call that was stopped left them; `write_mask` adds one of this call.
    outputs = Outputs(tmp_path / "out", CALL)
    outputs.write_mask("a@2", np.zeros((4, 4), np.float32))
    outputs.write_mask("b@0", np.zeros((4, 4), np.float32))
    outputs.discard("a")
    outputs.discard("b")
    left = {path.name for path in (outputs.folder / "masks").iterdir()}
    assert left == {"a-2@0.png", "ab@0.png"}


def test_a_line_that_was_cut_off_is_not_a_row(tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    outputs.append({"path": "a", "name": "a", "status": "ok", "faces": [1]})
    with outputs.results.open("a") as file:
        file.write('{"path": "b"')
    assert finished_rows(outputs.folder) == {
        "a": {"path": "a", "name": "a", "status": "ok"}
    }
    Outputs(tmp_path / "out", CALL).append({"path": "c"})
    lines = outputs.results.read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == ["a", "c"]


def test_the_same_settings_go_on_wherever_the_model_lies_now(tmp_path):
    Outputs(tmp_path / "out", CALL)
    moved = CALL | {"model": {"path": "b", "sha256": "x"}}
    Outputs(tmp_path / "out", moved)
    other = CALL | {"model": {"path": "a", "sha256": "y"}}
    with pytest.raises(FakelocError, match="model.sha256 was x, now it is y"):
        Outputs(tmp_path / "out", other)


def test_folders_of_something_else_are_left_alone(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    with pytest.raises(FakelocError, match="is not empty and has no call.json"):
        Outputs(tmp_path / "full", CALL)
    with pytest.raises(FakelocError, match="is a file"):
        Outputs(tmp_path / "full/thesis.txt", CALL)


def test_discard_takes_a_name_for_itself_and_not_for_a_pattern(tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    for name in ("a[1]@0.png", "a1@0.png"):
        (outputs.folder / "masks" / name).write_bytes(b"")
    outputs = Outputs(tmp_path / "out", CALL)
    outputs.discard("a[1]")
    assert [p.name for p in (outputs.folder / "masks").iterdir()] == ["a1@0.png"]


def test_half_written_pictures_of_a_kill_are_removed(tmp_path):
    outputs = Outputs(tmp_path / "out", CALL)
    for name in (".half.png", "whole.png"):
        (outputs.folder / "masks" / name).write_bytes(b"x")
    Outputs(tmp_path / "out", CALL)
    assert [p.name for p in (outputs.folder / "masks").iterdir()] == ["whole.png"]


def test_other_options_are_refused(tmp_path):
    Outputs(tmp_path / "out", CALL)
    other = CALL | {"options": {"fps": 5.0, "box": (1, 2)}}
    with pytest.raises(FakelocError, match=r"options\.fps was 4\.0, now it is 5\.0"):
        Outputs(tmp_path / "out", other)
