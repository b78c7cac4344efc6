"""Which frames, which shards, and listings of both layouts, before any pixel."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.errors import FakelocError
from pipelines.layouts import ffpp, folder
from pipelines.layouts.request import Request
from pipelines.sources import (
    Listing,
    Rejection,
    Source,
    check_listing,
    deal_shards,
)


def source(tmp_path, video_id, split="train", identities=("a",)):
    path = tmp_path / video_id
    return Source(path, None, 0, "pristine", video_id, identities, split, "c23", "set")


@given(
    counts=st.tuples(*[st.integers(0, 40)] * 3),
    shards=st.integers(1, 9),
)
def test_shards_are_even_and_none_is_empty(tmp_path_factory, counts, shards):
    root = tmp_path_factory.getbasetemp()
    sources = [
        source(root, f"{split}/{n:03d}", split)
        for split, count in zip(("train", "val", "test"), counts, strict=True)
        for n in range(count)
    ]
    dealt = deal_shards(sources, shards)

    for split, count in zip(("train", "val", "test"), counts, strict=True):
        mine = [dealt[s.video_id] for s in sources if s.split == split]
        used = [number for number, _ in mine]
        assert {of for _, of in mine} <= {min(shards, count)}
        assert set(used) == set(range(min(shards, count)))
        sizes = [used.count(number) for number in set(used)]
        assert max(sizes, default=0) - min(sizes, default=0) <= 1


def test_a_person_in_two_splits_is_named(tmp_path):
    sources = (
        source(tmp_path, "1", "train", ("ann", "bob")),
        source(tmp_path, "2", "test", ("bob",)),
    )

    with pytest.raises(FakelocError, match=r"bob \(train, test\)"):
        check_listing(Listing(sources, ("pristine",)), tmp_path)


def test_nothing_to_prepare_says_why(tmp_path):
    rejected = (Rejection("", "pristine", "a.txt", None, "unsupported"),)

    with pytest.raises(FakelocError, match="left out as: unsupported"):
        check_listing(Listing((), ("pristine",), rejected), tmp_path)


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_the_official_splits_place_reals_and_both_fakes_of_a_pair(tmp_path):
    # (071, 054) is the first official training pair; 953 and 974 are in test.
    real = tmp_path / "original_sequences" / "youtube" / "c23" / "videos"
    fake = tmp_path / "manipulated_sequences"
    for name in ("071", "054", "953", "974"):
        touch(real / f"{name}.mp4")
    for name in ("071_054", "054_071", "953_974", "071_953"):
        touch(fake / "FaceSwap" / "c23" / "videos" / f"{name}.mp4")
    touch(fake / "FaceSwap" / "masks" / "videos" / "071_054.mp4")
    touch(fake / "FaceSwap" / "masks" / "videos" / "054_071" / "0000.png")
    touch(fake / "FaceShifter" / "c23" / "videos" / "071_054.mp4")

    listing = ffpp.list_sources(Request(tmp_path, "ff"))

    splits = {s.video_id: s.split for s in listing.sources}
    assert splits == {
        "pristine/071": "train",
        "pristine/054": "train",
        "pristine/953": "test",
        "pristine/974": "test",
        "FaceSwap/071_054": "train",
        "FaceSwap/054_071": "train",
        "FaceSwap/953_974": "test",
        "FaceShifter/071_054": "train",
    }
    # A fake across the pairs would show a test person in training.
    (left_out,) = listing.rejected
    assert (left_out.video, left_out.reason) == ("FaceSwap/071_953", "not_in_splits")
    masks = {s.video_id: s.mask_path and s.mask_path.name for s in listing.sources}
    assert masks["FaceSwap/071_054"] == "071_054.mp4"
    assert masks["FaceSwap/054_071"] == "054_071"
    assert masks["FaceShifter/071_054"] is None
    # Published order first, so that a method's index does not depend on the tree.
    assert listing.classes[1:] == (
        "Deepfakes",
        "Face2Face",
        "FaceSwap",
        "NeuralTextures",
        "FaceShifter",
    )


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ({"train": [["1", "2"]], "test": [["2", "3"]]}, "2 is in train and in test"),
        ({"train": ["1", 2]}, r"train\.json: expected a list of pairs"),
    ],
)
def test_wrong_split_lists_are_refused(tmp_path, splits, words):
    touch(tmp_path / "original_sequences/youtube/c23/videos/1.mp4")
    (tmp_path / "splits").mkdir()
    for split, pairs in splits.items():
        (tmp_path / "splits" / f"{split}.json").write_text(json.dumps(pairs))

    with pytest.raises(FakelocError, match=words):
        ffpp.list_sources(Request(tmp_path, "ff"))


def test_masks_of_a_folder_lie_as_their_fakes_do(tmp_path):
    touch(tmp_path / "real" / "a.jpg")
    for name in ("a.jpg", "deep/b.JPG", "c.mp4", "d.png"):
        touch(tmp_path / "fake" / name)
    for name in ("a.png", "deep/b.png", "c.mp4"):
        touch(tmp_path / "masks" / name)

    found = {
        s.video_id: s.mask_path
        for s in folder.list_sources(Request(tmp_path, "own")).sources
    }

    masks = tmp_path / "masks"
    assert found == {
        "real/a.jpg": None,
        "fake/a.jpg": masks / "a.png",
        "fake/deep/b.JPG": masks / "deep" / "b.png",
        "fake/c.mp4": masks / "c.mp4",
        "fake/d.png": None,
    }


def test_several_people_of_a_picture_are_parted_by_semicolons(tmp_path):
    touch(tmp_path / "fake" / "a.jpg")
    table = tmp_path / "who.csv"
    table.write_text("file,identity,split\nfake/a.jpg,ann;bob,val\nfake/gone.jpg,x,\n")

    (found,) = folder.list_sources(Request(tmp_path, "own", identities=table)).sources

    assert (found.identities, found.split) == (("ann", "bob"), "val")
