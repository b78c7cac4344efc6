"""A row speaks of the bytes that were looked at."""

import hashlib
import os

import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import identity
from fakeloc_tf.inference.marking import _check_is_same


def test_a_long_hash_gives_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(identity, "_BEAT_SECONDS", -1.0)
    monkeypatch.setattr(identity, "_BLOCK", 4)
    (tmp_path / "a.mp4").write_bytes(b"0123456789")
    *beats, last = identity.hash_video(tmp_path / "a.mp4")
    assert beats == ["", "", ""]
    assert last == hashlib.sha256(b"0123456789").hexdigest()


def test_a_file_above_the_limit_is_not_hashed(tmp_path):
    with (tmp_path / "a.mp4").open("wb") as file:
        file.truncate(identity.MAX_VIDEO_BYTES + 1)
    with pytest.raises(FakelocError, match=r"a\.mp4 has 274877906945.*cut the video"):
        list(identity.hash_video(tmp_path / "a.mp4"))


def test_a_replaced_file_is_not_drawn(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    size, modified, _ = identity.file_identity(path)
    row = {"bytes": size, "modified_ns": modified}
    _check_is_same(path, row)
    os.utime(path, ns=(0, modified + 1))
    with pytest.raises(FakelocError, match="changed while it was read"):
        _check_is_same(path, row)
