"""`fakeloc demo-data`, run as a user would, with three people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fakeloc_tf import demo_data
from fakeloc_tf.data import demo_set
from fakeloc_tf.data.portraits import FOLDER, assign_splits, load_portraits
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.manipulate.camera import pristine_frames
from fakeloc_tf.manipulate.methods import MANIPULATIONS
from fakeloc_tf.media.video import read_frames

FRAMES = 2


def make(out: Path, *extra: str, identities: int = 3) -> int:
    small = ("--frames", str(FRAMES), "--identities", str(identities))
    return demo_data.main(["--out", str(out), *small, *extra])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "set"
    assert make(out) == 0
    return out


def decoded(path: Path) -> np.ndarray:
    return np.stack([frame for _, frame in read_frames(path)])


def numbers(demo: Path) -> list[str]:
    return list(json.loads((demo / "demo.json").read_text())["identities"])


def test_the_layout_is_that_of_ffpp(demo: Path) -> None:
    found = {str(p.relative_to(demo)) for p in demo.rglob("*") if p.is_file()}
    expected = {"LICENSE_AND_CREDITS.md", "demo.json"}
    expected |= {f"splits/{split}.json" for split in ("train", "val", "test")}
    for n in numbers(demo):
        for q in ("c23", "c40"):
            expected.add(f"original_sequences/youtube/{q}/videos/{n}.mp4")
        for method in MANIPULATIONS:
            for place in ("c23", "c40", "masks"):
                expected.add(
                    f"manipulated_sequences/{method}/{place}/videos/{n}_{n}.mp4"
                )
    assert found == expected
    assert not list(demo.parent.glob(".set*"))


def test_the_splits_are_disjoint_and_complete(demo: Path) -> None:
    splits = {
        split: json.loads((demo / "splits" / f"{split}.json").read_text())
        for split in ("train", "val", "test")
    }
    members = [target for pairs in splits.values() for target, _ in pairs]
    assert sorted(members) == numbers(demo)
    assert all(len(pairs) == 1 for pairs in splits.values())
    assert all(a == b for pairs in splits.values() for a, b in pairs)


def test_masks_and_pictures_fit_each_other(demo: Path) -> None:
    portraits = {p.number: p for p in load_portraits()}
    for n in numbers(demo):
        portrait = portraits[n]
        rng = demo_set._generator(0, portrait.identity, "camera")
        frames = list(
            pristine_frames(portrait.image(), portrait.landmarks, FRAMES, rng)
        )
        for method in MANIPULATIONS:
            images, masks = demo_set.manipulate_video(
                frames, method, 0, portrait.identity
            )
            place = demo / "manipulated_sequences" / method
            video = decoded(place / "c23" / "videos" / f"{n}_{n}.mp4")
            found = decoded(place / "masks" / "videos" / f"{n}_{n}.mp4").max(-1) > 25
            assert np.abs(video.astype(int) - np.stack(images)).mean() < 5
            for i in range(FRAMES):
                true = masks[i] > 0
                assert (found[i] & true).sum() / (found[i] | true).sum() >= 0.98
                # Before compression: the very frame of the real video elsewhere.
                np.testing.assert_array_equal(images[i][~true], frames[i][0][~true])


def test_outside_the_mask_real_and_fake_differ_by_compression_only(demo: Path) -> None:
    n = numbers(demo)[0]
    real = decoded(demo / "original_sequences/youtube/c23/videos" / f"{n}.mp4")
    place = demo / "manipulated_sequences/FaceSwap"
    fake = decoded(place / "c23/videos" / f"{n}_{n}.mp4")
    mask = decoded(place / "masks/videos" / f"{n}_{n}.mp4").max(-1) > 25
    difference = np.abs(fake.astype(int) - real).mean(-1)
    assert difference[mask].mean() > 3 * difference[~mask].mean()


def test_c40_is_smaller_than_c23(demo: Path) -> None:
    sizes = {
        q: sum(p.stat().st_size for p in demo.rglob(f"{q}/videos/*.mp4"))
        for q in ("c23", "c40")
    }
    assert sizes["c40"] < 0.5 * sizes["c23"]


def test_the_same_seed_gives_the_same_files_in_any_subset(
    demo: Path, tmp_path: Path
) -> None:
    options = ("--qualities", "c23", "--workers", "1")
    assert make(tmp_path / "more", *options, identities=4) == 0
    for path in demo.rglob("*.mp4"):
        name = path.relative_to(demo)
        if "c40" not in name.parts:
            assert (tmp_path / "more" / name).read_bytes() == path.read_bytes(), name


def test_another_seed_gives_other_videos() -> None:
    portrait = load_portraits()[0]
    image, landmarks = portrait.image(), portrait.landmarks
    frames = [
        next(
            pristine_frames(image, landmarks, 1, demo_set._generator(s, "x", "camera"))
        )
        for s in (0, 1)
    ]
    assert (frames[0][0] != frames[1][0]).any()
    fakes = [
        demo_set.manipulate_video(frames[:1], "FaceSwap", seed, portrait.identity)[0]
        for seed in (0, 1)
    ]
    assert (fakes[0][0] != fakes[1][0]).any()


def test_a_folder_with_files_is_left_alone(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(p.stat().st_mtime_ns for p in demo.rglob("*"))
    assert make(demo) == 2
    assert "is not empty" in capsys.readouterr().err
    assert sorted(p.stat().st_mtime_ns for p in demo.rglob("*")) == before


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (("--qualities", "c23,c99"), "c99"),
        (("--qualities", ""), "none"),
        (("--identities", "2"), "Received: 2"),
        (("--identities", "65"), "Received: 65"),
        (("--frames", "0"), "Received: 0"),
        (("--seed", "-1"), "Received: -1"),
    ],
)
def test_wrong_values_are_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    extra: tuple[str, str],
    message: str,
) -> None:
    assert demo_data.main(["--out", str(tmp_path / "new"), *extra]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_fault_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_set, "CREDITS", tmp_path / "missing.md")
    with pytest.raises(OSError, match="missing"):
        list(demo_set.write_demo_set(tmp_path / "new", demo_set.DemoSet()))
    assert list(tmp_path.iterdir()) == []


def test_the_embedded_portraits() -> None:
    portraits = load_portraits()
    counts = [sum(p.split == s for p in portraits) for s in ("train", "val", "test")]
    assert counts == [44, 8, 12]
    assert [p.number for p in portraits] == [f"{i:03d}" for i in range(64)]
    for portrait in portraits:
        height, width = portrait.image().shape[:2]
        assert (portrait.landmarks > 0).all(), portrait.path
        assert (portrait.landmarks < (width, height)).all(), portrait.path


def test_a_subset_is_part_of_every_larger_one() -> None:
    chosen = [{p.number for p in load_portraits(n)} for n in (3, 5, 16, 64)]
    assert chosen[0] < chosen[1] < chosen[2] < chosen[3]


def test_splits_do_not_depend_on_the_order_of_the_table() -> None:
    names = [f"P{i:06d}" for i in range(40)]
    assert assign_splits(names) == assign_splits(names[::-1])
    assert set(assign_splits(names).values()) == {"train", "val", "test"}


def test_a_portrait_without_landmarks_is_named(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text((FOLDER / "index.csv").read_text())
    with pytest.raises(FakelocError, match=r"landmarks\.csv cannot be read"):
        load_portraits(folder=tmp_path)
    lines = (FOLDER / "landmarks.csv").read_text().splitlines()[:-1]
    (tmp_path / "landmarks.csv").write_text("\n".join(lines))
    with pytest.raises(FakelocError, match="lacks portraits/W000825"):
        load_portraits(folder=tmp_path)
