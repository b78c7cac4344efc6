"""Which files are scored, in which groups: each exactly once, whatever its name."""

import glob
import io
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakeloc_tf.errors import FakelocError
from pipelines.scoring import groups, listing

TREE = (
    "a.jpg",
    "B.PNG",
    "z.mp4",
    "one/a.jpg",
    "one/.hidden.jpg",
    "one/two/a.jpg",
    "one/two/b.txt",
    "one/[x].jpg",
    ".secret/a.jpg",
    "out/faces/part-00000000.parquet",
)
# Bytes that are no UTF-8 are half characters in Python's names.
NAMES = st.lists(
    st.text(
        st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
        | st.sampled_from("\udc80\udcff\n"),
        min_size=1,
        max_size=8,
    ).flatmap(lambda stem: st.sampled_from([".jpg", ".MP4", ""]).map(stem.__add__)),
    max_size=40,
    unique=True,
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    top = tmp_path_factory.mktemp("score_listing")
    for name in TREE:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    (top / "one/round").symlink_to(top)
    (top / "broken.jpg").symlink_to("gone.jpg")
    return top


def listed(tree, text):
    found = listing.list_files(str(tree / text) if text else str(tree), tree / "out")
    return [path.relative_to(tree).as_posix() for path in found]


ALL = ["B.PNG", "a.jpg", "broken.jpg", "z.mp4"]
BELOW = ["one/[x].jpg", "one/a.jpg", "one/two/a.jpg", "one/two/b.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", [*ALL, *BELOW]),
        ("**", [*ALL, *BELOW]),
        ("*.jpg", ["a.jpg", "broken.jpg"]),
        ("**/a.jpg", ["a.jpg", "one/a.jpg", "one/two/a.jpg"]),
        ("one/*/*", ["one/two/a.jpg", "one/two/b.txt"]),
        ("one/.*.jpg", ["one/.hidden.jpg"]),
        ("one/[x].jpg", ["one/[x].jpg"]),
        ("a.jpg", ["a.jpg"]),
    ],
)
def test_what_an_input_stands_for(tree, pattern, expected):
    (tree / "one/round").unlink(missing_ok=True)
    assert listed(tree, pattern) == expected


def test_links_in_a_circle_come_to_an_end(tree):
    link = tree / "one/round"
    link.unlink(missing_ok=True)
    link.symlink_to(tree)
    names = [Path(name).name for name in listed(tree, "**/*.txt")]
    assert names == ["b.txt"]
    assert len(listed(tree, "")) == len([*ALL, *BELOW])


@pytest.mark.parametrize("pattern", ["*", "**/*.jpg", "o*/*", "**/[ab]*", "*/*/a.???"])
def test_a_pattern_matches_what_python_says(tree, pattern):
    (tree / "one/round").unlink(missing_ok=True)
    expected = {
        os.path.relpath(path, tree)
        for path in glob.glob(str(tree / pattern), recursive=True)
        if not os.path.isdir(path) and not path.startswith(str(tree / "out"))
    }
    found = listed(tree, pattern)
    assert set(found) == expected and len(found) == len(expected)


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\0"])
@pytest.mark.parametrize("end", [True, False])
def test_a_list_counts_each_path_once(tree, between, end, monkeypatch):
    odd = b"\xff\ny.jpg" if between == b"\0" else b"\xff \xe2\x80\xa8y.jpg"
    data = between.join([b"b.jpg", b"a.jpg", b"b.jpg", odd]) + between * end
    (tree / "list").write_bytes(data)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    expected = [Path("b.jpg"), Path("a.jpg"), Path(os.fsdecode(odd))]
    assert list(listing.list_files("-", tree / "out")) == expected
    assert list(listing.list_files(f"@{tree / 'list'}", tree / "out")) == expected
    (tree / "list").unlink()


def test_long_lists_are_read_in_blocks(tmp_path):
    names = [f"{number:040d}.jpg" for number in range(60_000)]
    (tmp_path / "list").write_text("\n".join(names))
    found = listing.list_files(f"@{tmp_path / 'list'}", tmp_path / "out")
    assert [path.name for path in found] == names


@pytest.mark.parametrize(
    ("given_", "says"),
    [("nowhere", "a pattern in quotes"), ("@nowhere", "cannot be read as a list")],
)
def test_what_is_not_there_is_named(tmp_path, given_, says):
    with pytest.raises(FakelocError, match=says) as raised:
        list(listing.list_files(given_, tmp_path))
    assert "nowhere" in str(raised.value)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=NAMES, size=st.integers(1, 5))
def test_groups_hold_every_file_once_and_come_back(tmp_path, names, size):
    paths, file = [Path("in") / name for name in names], tmp_path / "groups.jsonl"
    if not paths:
        with pytest.raises(FakelocError, match="matches no files"):
            groups.write_groups(file, groups.group_paths(paths, size))
        return
    assert groups.write_groups(file, groups.group_paths(paths, size)) == len(paths)
    found = list(groups.read_groups(file))
    again = [[item.path for item in groups.files_of(file, group)] for group, _ in found]
    assert sorted(path for group in again for path in group) == sorted(paths)
    assert [len(group) for group in again] == [count for _, count in found]
    assert len({group.part for group, _ in found}) == len(found)
    pictures = [p for p in paths if p.suffix != ".MP4"]
    assert [p for group in again for p in group if p.suffix != ".MP4"] == pictures
    for group in again:
        videos = [path for path in group if path.suffix == ".MP4"]
        assert len(group) == 1 if videos else len(group) <= size
    full = [group for group in again if len(group) < size and group[0].suffix != ".MP4"]
    assert len(full) <= 1  # the last one


def test_parts_sort_as_their_groups():
    names = [groups.part_name(number) for number in (0, 9, 10, 12_345_678)]
    assert names == sorted(names)
    assert names[-1] == "part-12345678.parquet"
