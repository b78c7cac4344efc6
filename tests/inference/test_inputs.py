"""Inputs: each file once, under a name of its own."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.inputs import _Names, collect, read_list


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_folders_are_walked_sorted_without_hidden_files(tmp_path):
    for name in ("b.mp4", "a/z.JPG", "a/.hidden.jpg", ".git/x.png", "notes.txt"):
        touch(tmp_path / name)
    found = collect([tmp_path])
    assert [(f.path.name, f.kind) for f in found] == [
        ("z.JPG", "image"),
        ("b.mp4", "video"),
        ("notes.txt", "unknown"),
    ]


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    file = touch(tmp_path / "a.jpg")
    assert len(collect([file, tmp_path, file])) == 1


def test_results_of_an_earlier_call_are_no_input(tmp_path):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "out/overlays/a.png")
    assert [f.path.name for f in collect([tmp_path], tmp_path / "out")] == ["a.jpg"]


def test_equal_names_get_different_outputs(tmp_path):
    for name in ("1/face.jpg", "2/face.jpg", "2/Face.png", "2/face-2.jpg"):
        touch(tmp_path / name)
    names = [f.name.lower() for f in collect([tmp_path])]
    assert len(set(names)) == 4


@given(st.lists(st.sampled_from(["a", "A", "a-2", "a-2-2", "a-3", "b"]), max_size=9))
def test_no_order_of_names_collides(stems):
    made = _Names()
    names = [made.new(Path(f"{stem}.jpg")).lower() for stem in stems]
    assert len(set(names)) == len(names)


def test_missing_and_empty_are_a_wrong_call(tmp_path):
    with pytest.raises(FakelocError, match="nowhere does not exist"):
        collect([tmp_path / "nowhere"])
    with pytest.raises(FakelocError, match="no files in"):
        collect([tmp_path])


def test_names_that_are_no_utf8_or_too_long(tmp_path):
    touch(tmp_path / ("long" * 60 + ".jpg"))
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg")
    with open(odd, "wb") as file:
        file.write(b"x")
    for item in collect([tmp_path]):
        assert len(item.name.encode()) <= 160
        item.name.encode("utf-8")


def test_links_are_followed_once_and_loops_end(tmp_path):
    touch(tmp_path / "in/a.jpg")
    touch(tmp_path / "elsewhere/b.jpg")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/again").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in/self.jpg").symlink_to("self.jpg")
    (tmp_path / "in/nowhere.jpg").symlink_to("gone.jpg")
    names = sorted(file.path.name for file in collect([tmp_path / "in"]))
    # The two links that lead nowhere stay: they become rows that say so.
    assert names == ["a.jpg", "b.jpg", "nowhere.jpg", "self.jpg"]


def test_the_output_folder_is_no_input_also_below_a_link(tmp_path):
    touch(tmp_path / "out/overlays/x.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    touch(tmp_path / "in/a.jpg")
    (file,) = collect([tmp_path / "in"], tmp_path / "out")
    assert file.path.name == "a.jpg"


@pytest.mark.parametrize(
    "stem", ["..", "a.b", "-rf", "<script>", "x\ny", "a*?[b]", "%2e%2e", "a:b", " "]
)
def test_names_of_outputs_are_harmless(tmp_path, stem):
    name = collect([touch(tmp_path / f"{stem}.jpg")])[0].name
    assert name and not set(name) & set("./\\:<>*?[]@%\n\0")


def test_a_file_keeps_the_name_that_a_stopped_call_gave_it(tmp_path):
    one, two = touch(tmp_path / "1/face.jpg"), touch(tmp_path / "2/face.jpg")
    known = {str(two): "face"}
    assert [f.name for f in collect([one, two], known=known)] == ["face-2", "face"]


def test_a_list_may_have_a_path_a_line_or_nul_between_them():
    lines = read_list(["a b.jpg\n", "\n", "c.jpg"])
    assert [str(path) for path in lines] == ["a b.jpg", "c.jpg"]
    assert [str(p) for p in read_list(["a\nb.jpg\0c.jpg\0"])] == ["a\nb.jpg", "c.jpg"]
    with pytest.raises(FakelocError, match="list on standard input is empty"):
        read_list(["\n"])


def test_a_file_and_a_link_to_it_are_read_once(tmp_path):
    file = touch(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").symlink_to(file)
    assert [f.path for f in collect([file, tmp_path / "b.jpg"])] == [file]


def test_names_of_other_bytes_have_rows_of_their_own(tmp_path):
    for name in (b"\xff.jpg", b"\xfe.jpg", rb"\xff.jpg"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(b"x")
    labels = [file.label for file in collect([tmp_path])]
    assert len(set(labels)) == 3
    assert f"{tmp_path}/\\xfe.jpg" in labels


def test_very_many_equal_names_are_numbered_on():
    made = _Names()
    names = {made.new(Path("frame.jpg")) for _ in range(10_000)}
    assert len(names) == 10_000 and "frame-10000" in names
