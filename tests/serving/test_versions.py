"""Numbered folders: the next one below, or the one that was named."""

import os

import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_folder
from fakeloc_tf.serving.exports.versions import version_folder


def test_the_first_version_is_1(tmp_path):
    assert version_folder(tmp_path / "new") == tmp_path / "new" / "1"
    assert version_folder(tmp_path) == tmp_path / "1"


def test_the_next_is_one_more_than_the_highest(tmp_path):
    for name in ("1", "2", "10", ".11.half-written", "notes"):
        (tmp_path / name).mkdir()
    assert version_folder(tmp_path) == tmp_path / "11"


def test_a_number_is_taken_as_it_is(tmp_path):
    (tmp_path / "7").mkdir()
    assert version_folder(tmp_path / "3") == tmp_path / "3"


def test_a_savedmodel_without_a_version_would_hide_its_versions(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(FakelocError, match=f"move it to {tmp_path}/1"):
        version_folder(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(FakelocError, match="is a file"):
        version_folder(tmp_path / "x")


def test_of_two_exports_at_once_none_removes_the_other(tmp_path):
    with pytest.raises(FakelocError, match="another process"):
        with new_folder(tmp_path / "1") as mine:
            (mine / "late").write_bytes(b"")
            (tmp_path / "1").mkdir()
            (tmp_path / "1" / "first").write_bytes(b"")
    assert os.listdir(tmp_path) == ["1"]
    assert os.listdir(tmp_path / "1") == ["first"]
