"""Celeb-DF, DFDC, DeepFakeDetection and manifests: listed from names alone."""

import json

import pytest

from fakeloc_tf.errors import FakelocError
from pipelines.layouts import LAYOUTS, list_sources
from pipelines.layouts.request import Request
from pipelines.options import LayoutName
from pipelines.splits import split_of_identity, split_of_people


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def listed(path, **options):
    return list_sources(Request(path, "set", **options))


def splits(listing):
    return {source.video_id: source.split for source in listing.sources}


def reasons(rejections):
    return {line.video: line.reason for line in rejections}


def people_of(split, count):
    """The first `id0`, `id1`, … that the hash puts in a split."""
    names = (f"id{n}" for n in range(10_000))
    found = [name for name in names if split_of_identity(name) == split]
    return found[:count]


@pytest.fixture(params=["", "videos/"])
def celebdf(request, tmp_path):
    """Two people of training, one of test; one video of somebody unknown."""
    a, b = people_of("train", 2)
    (c,) = people_of("test", 1)
    inner = request.param
    for name in (f"Celeb-real/{inner}{a}_0000", f"Celeb-real/{inner}{c}_0003"):
        touch(tmp_path / f"{name}.mp4")
    touch(tmp_path / f"YouTube-real/{inner}00007.mp4")
    for pair in (f"{a}_{b}_0000", f"{a}_{c}_0000"):
        touch(tmp_path / f"Celeb-synthesis/{inner}{pair}.mp4")
    (tmp_path / "List_of_testing_videos.txt").write_text(
        f"1 Celeb-real/{c}_0003.mp4\n0 Celeb-synthesis/{a}_{c}_0000.mp4\n"
        "1 YouTube-real/00009.mp4\n"
    )
    return tmp_path, a, b, c


def test_celebdf_takes_the_videos_of_the_official_test(celebdf):
    root, a, b, c = celebdf
    listing = listed(root)

    assert splits(listing) == {
        f"Celeb-real/{c}_0003": "test",
        f"Celeb-synthesis/{a}_{c}_0000": "test",
    }
    assert [s.label for s in listing.sources] == [0, 1]
    assert reasons(listing.missing) == {"YouTube-real/00009": "missing"}
    assert reasons(listing.rejected) == {
        f"Celeb-real/{a}_0000": "not_in_test_list",
        "YouTube-real/00007": "not_in_test_list",
        f"Celeb-synthesis/{a}_{b}_0000": "not_in_test_list",
    }


def test_celebdf_by_identity_leaves_out_fakes_across_the_splits(celebdf):
    root, a, b, c = celebdf
    listing = listed(root, splits="identity")

    assert splits(listing) == {
        f"Celeb-real/{a}_0000": "train",
        f"Celeb-real/{c}_0003": "test",
        "YouTube-real/00007": split_of_identity("YouTube-real/00007"),
        f"Celeb-synthesis/{a}_{b}_0000": "train",
    }
    across = reasons(listing.rejected)
    assert across == {f"Celeb-synthesis/{a}_{c}_0000": "people_in_two_splits"}
    originals = {s.video_id: s.original and s.original.name for s in listing.sources}
    assert originals[f"Celeb-synthesis/{a}_{b}_0000"] == f"{a}_0000.mp4"


@pytest.mark.parametrize("line", ["1 Celeb-synthesis/a.mp4", "x Celeb-real/a.mp4", "1"])
def test_a_celebdf_list_whose_labels_are_turned_is_refused(celebdf, line):
    root, *_ = celebdf
    (root / "List_of_testing_videos.txt").write_text(line + "\n")

    with pytest.raises(FakelocError, match=r"List_of_testing_videos\.txt, line 1"):
        listed(root)


def test_celebdf_without_its_list_says_what_to_do(celebdf):
    root, *_ = celebdf
    (root / "List_of_testing_videos.txt").unlink()

    with pytest.raises(FakelocError, match="--splits identity"):
        listed(root)


def write_part(root, number, entries):
    part = root / f"dfdc_train_part_{number}"
    touch(*(part / name for name in entries if not name.startswith("gone")))
    (part / "metadata.json").write_text(json.dumps(entries))
    return part


def test_dfdc_parts_stay_whole_and_keep_their_originals(tmp_path):
    for number in range(8):
        write_part(
            tmp_path,
            number,
            {
                "a.mp4": {"label": "REAL", "split": "train", "original": None},
                "b.mp4": {"label": "FAKE", "split": "train", "original": "a.mp4"},
                "gone.mp4": {"label": "FAKE", "split": "train", "original": "c.mp4"},
            },
        )
    listing = listed(tmp_path)

    assert len(listing.sources) == 16
    for source in listing.sources:
        part = source.path.parent
        assert source.identities == (part.name,)
        assert source.split == split_of_identity(part.name)
        assert source.label == (source.path.stem == "b")
        assert source.original == (part / "a.mp4" if source.label else None)
    assert len(listing.missing) == 8


@pytest.mark.parametrize("folder", ["", "videos", "test"])
def test_dfdc_labels_are_one_for_fake_and_a_split_of_their_own(tmp_path, folder):
    touch(tmp_path / folder / "a.mp4", tmp_path / folder / "b.mp4")
    (tmp_path / "labels.csv").write_text("filename,label\na.mp4,0\nb.mp4,1\nc.mp4,1\n")
    listing = listed(tmp_path)

    assert splits(listing) == {"test/a": "test", "test/b": "test"}
    assert [source.label for source in listing.sources] == [0, 1]
    assert reasons(listing.missing) == {"test/c": "missing"}


def test_a_single_dfdc_part_is_recognised(tmp_path):
    part = write_part(tmp_path, 3, {"a.mp4": {"label": "REAL"}})

    assert [source.video_id for source in listed(part).sources] == [f"{part.name}/a"]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("metadata.json", "[1]", 'expected {"a.mp4"'),
        ("metadata.json", "{", "cannot be read"),
        ("metadata.json", '{"a.mp4": {"label": "?"}}', "a.mp4 has the label '\\?'"),
        ("labels.csv", "file,label\n", "no column filename"),
    ],
)
def test_wrong_dfdc_tables_are_refused_by_name(tmp_path, file, text, words):
    (tmp_path / file).write_text(text)

    with pytest.raises(FakelocError, match=words) as caught:
        listed(tmp_path)
    assert file in str(caught.value)


def test_deepfakedetection_is_split_by_actor(tmp_path):
    names = [f"{n:02d}" for n in range(1, 29)]
    by_split = {s: [] for s in ("train", "val", "test")}
    for name in names:
        by_split[split_of_identity(f"actor {name}")].append(name)
    (a, b, *_), (c, *_) = by_split["train"], by_split["test"]
    real = tmp_path / "original_sequences" / "actors" / "c23" / "videos"
    fake = tmp_path / "manipulated_sequences" / "DeepFakeDetection" / "c23" / "videos"
    touch(real / f"{a}__hugging.mp4", real / f"{c}__hugging.mp4")
    touch(fake / f"{a}_{b}__hugging__X1.mp4", fake / f"{a}_{c}__hugging__X2.mp4")
    listing = listed(tmp_path)

    assert splits(listing) == {
        f"pristine/{a}__hugging": "train",
        f"pristine/{c}__hugging": "test",
        f"DeepFakeDetection/{a}_{b}__hugging__X1": "train",
    }
    (line,) = listing.rejected
    assert line.reason == "people_in_two_splits"
    (source,) = (s for s in listing.sources if s.label)
    assert source.original == real / f"{a}__hugging.mp4"
    assert source.mask_path is None


def test_ffpp_names_videos_of_its_lists_that_are_not_there(tmp_path):
    touch(tmp_path / "original_sequences/youtube/c23/videos/071.mp4")
    touch(tmp_path / "manipulated_sequences/FaceShifter/c23/videos/071_054.mp4")
    listing = listed(tmp_path)

    missing = reasons(listing.missing)
    assert len([v for v in missing if v.startswith("pristine/")]) == 999
    assert len([v for v in missing if v.startswith("FaceShifter/")]) == 999
    # Methods that were not downloaded at all are no fault.
    assert not [v for v in missing if v.startswith("Deepfakes/")]


def test_a_manifest_is_read_line_by_line(tmp_path):
    touch(*(tmp_path / name for name in ("r.mp4", "f.mp4", "m.mp4", "x.txt")))
    a, b = people_of("val", 1) + people_of("train", 1)
    table = tmp_path / "set.csv"
    table.write_text(
        "file,label,method,mask,original,identity,split\n"
        "r.mp4,real,,,,ann,train\n"
        "f.mp4,FAKE,swap,m.mp4,r.mp4,ann;bob,train\n"
        f"gone.mp4,1,,,,{a},\n"
        f"m.mp4,0,,,,{a};{b},\n"
        "x.txt,0,,,,,\n"
    )
    listing = listed(table)

    fake, real = listing.sources
    assert (real.label, real.method, real.split) == (0, "pristine", "train")
    assert (fake.label, fake.method, fake.identities) == (1, "swap", ("ann", "bob"))
    assert fake.mask_path == tmp_path / "m.mp4"
    assert fake.original == tmp_path / "r.mp4"
    assert listing.classes == ("pristine", "swap")
    assert reasons(listing.missing) == {"gone.mp4": "missing"}
    assert reasons(listing.rejected) == {
        "m.mp4": "people_in_two_splits",
        "x.txt": "unsupported",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,label\n", "no column file"),
        ("file,label,colour\n", "unknown column colour"),
        ("file,label\na.mp4,maybe\n", "line 2: label must be real or fake"),
        ("file,label,split\na.mp4,0,dev\n", "line 2: split must be one of"),
        ("file,label,mask\na.mp4,1,no.png\n", "line 2: .*no.png does not exist"),
        ("file,label,method\na.mp4,1,pristine\n", "line 2: a fake cannot"),
        ("file,label\na.mp4,0\na.mp4,0\n", "line 3: a.mp4 comes twice"),
    ],
)
def test_a_wrong_manifest_is_refused_by_line(tmp_path, text, words):
    touch(tmp_path / "a.mp4")
    (tmp_path / "set.csv").write_text(text)

    with pytest.raises(FakelocError, match=words):
        listed(tmp_path / "set.csv")


def test_every_layout_can_be_named_on_the_command_line():
    assert {name.value for name in LayoutName} == set(LAYOUTS)


def test_an_unknown_tree_is_refused_with_what_is_known(tmp_path):
    with pytest.raises(
        FakelocError, match=r"no known layout.*Celeb-real.*metadata\.json"
    ):
        listed(tmp_path)


def test_people_of_one_split_share_it_and_others_have_none():
    a, b = people_of("train", 2)
    (c,) = people_of("test", 1)

    assert split_of_people((a, b)) == "train"
    assert split_of_people((a, c)) is None
