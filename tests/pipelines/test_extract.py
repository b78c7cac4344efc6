"""One source to records: which frames, what is flagged, what is rejected."""

import numpy as np
import pytest
import trees

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data.records import FaceRecord
from fakeloc_tf.media.boxes import CropBox, FaceBox, crop_mask
from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import read_frames, write_video
from pipelines.extract import Settings, extract_faces
from pipelines.follow import FaceFollower
from pipelines.sources import Source

FACE = FaceBox(20, 10, 70, 60, 1.0)
SIZE = (80, 96)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """40 frames of noise, so that the file is large enough to be damaged."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    frames = [rng.integers(0, 256, (*SIZE, 3), np.uint8) for _ in range(40)]
    write_video(path, frames, fps=25)
    return path


def extract(
    path, label=0, mask_path=None, split="test", rule="plain", original=None, **prepare
):
    settings = Settings(
        PrepareConfig(crop_size=64, **prepare), ("pristine", "fake"), detect=True
    )
    source = Source(
        path=path,
        mask_path=mask_path,
        label=label,
        method=settings.classes[label],
        video_id="video",
        identities=("ann",),
        split=split,
        quality="c23",
        dataset="set",
        mask_rule=rule,
        original=original,
    )
    follower = FaceFollower(0.0, trees.BoxesDetector(FACE))
    items = list(extract_faces(source, settings, follower))
    faces = [item for item in items if isinstance(item, FaceRecord)]
    return faces, [(r.frame, r.reason) for r in items if not isinstance(r, FaceRecord)]


def mask_video(path, frames):
    write_video(path, frames, fps=25, crf=10)
    return path


def block(top, left, size=20):
    mask = np.zeros((*SIZE, 3), np.uint8)
    mask[top : top + size, left : left + size] = 255
    return mask


@pytest.mark.parametrize(
    ("label", "split", "frames"),
    [(0, "train", 15), (1, "train", 5), (0, "val", 8), (1, "test", 8)],
)
def test_real_videos_give_more_frames_in_training_only(clip, label, split, frames):
    faces, _ = extract(
        clip, label, split=split, frames_train=5, frames_eval=8, real_factor=3
    )
    assert len(faces) == frames


def test_repeats_of_a_short_real_video_are_marked(clip):
    faces, _ = extract(clip, 0, split="train", frames_train=25, real_factor=2)

    assert len(faces) == 50
    copies = [face for face in faces if face.repeat]
    assert [face.repeat for face in copies] == [1] * 10
    # Two of eight frames, and so on: from one end of the 40 to the other.
    assert [face.frame for face in copies] == list(range(2, 40, 4))
    firsts = {face.frame: face for face in faces if not face.repeat}
    assert len(firsts) == 40
    for face in copies:
        np.testing.assert_array_equal(face.image_uint8, firsts[face.frame].image_uint8)


def test_frames_after_a_damage_are_listed(clip, tmp_path):
    data = bytearray(clip.read_bytes())
    start, end = data.index(b"mdat"), data.index(b"moov")
    middle = slice((start + end) // 2, (start + 3 * end) // 4)
    data[middle] = bytes(middle.stop - middle.start)
    damaged = tmp_path / "damaged.mp4"
    damaged.write_bytes(data)

    faces, rejected = extract(damaged, frames_eval=40)

    assert 0 < len(faces) < 40
    assert rejected == [(f, "truncated") for f in range(len(faces), 40)]


def test_a_mask_apart_from_the_face_does_not_count(clip, tmp_path):
    """Of two parts in the crop, only the one on the face stays, by FF++'s rule."""
    both = block(20, 30) + block(61, 12, 6)
    masks = mask_video(tmp_path / "mask.mp4", [both] * 40)

    (kept, *_), _ = extract(clip, 1, masks, rule="ffpp", frames_eval=3)
    (all_of_it, *_), _ = extract(clip, 1, masks, rule="plain", frames_eval=3)

    assert kept.mask_valid and all_of_it.mask_valid
    left, top = kept.crop_box[:2]
    assert np.count_nonzero(kept.mask_uint8) < np.count_nonzero(all_of_it.mask_uint8)
    assert kept.mask_uint8[round(30 - top), round(40 - left)] == 255


@pytest.mark.parametrize(
    ("frames", "reason"),
    [([block(0, 0, 0)], "mask_empty"), ([block(70, 86, 8)], "mask_off_face")],
)
def test_frames_whose_mask_tells_nothing_are_listed(clip, tmp_path, frames, reason):
    masks = mask_video(tmp_path / "mask.mp4", frames * 40)

    faces, rejected = extract(clip, 1, masks, rule="ffpp", frames_eval=2)

    assert faces == []
    assert rejected == [(10, reason), (30, reason)]


def test_a_mask_of_another_cut_flags_the_fake_and_is_listed_once(clip, tmp_path):
    masks = mask_video(tmp_path / "mask.mp4", [block(20, 30)] * 20)

    faces, rejected = extract(clip, 1, masks, frames_eval=4)

    assert [face.mask_valid for face in faces] == [False] * 4
    assert not any(face.mask_uint8.any() for face in faces)
    assert rejected == [(None, "mask_length_mismatch")]


@pytest.fixture(scope="module")
def manipulated(clip):
    """The clip with a darker block on the face: (picture, original picture)."""
    (_, image), *_ = read_frames(clip, [0])
    fake = image.copy()
    fake[20:50, 30:60] //= 3
    for name, pixels in (("original", image), ("fake", fake)):
        write_png(clip.parent / f"{name}.png", pixels)
    return clip.parent / "fake.png", clip.parent / "original.png"


def test_a_mask_is_derived_from_the_original_only_if_asked(manipulated):
    fake, original = manipulated

    (plain,), _ = extract(fake, 1, original=original)
    (derived,), _ = extract(fake, 1, original=original, derive_masks=True)

    assert not plain.mask_valid
    assert derived.mask_valid
    drawn = np.zeros(SIZE, np.uint8)
    drawn[20:50, 30:60] = 255
    box = CropBox(*(int(edge) for edge in derived.crop_box))
    wanted = crop_mask(drawn, box, 64) > 0
    found = derived.mask_uint8 > 0
    assert (found & wanted).sum() / (found | wanted).sum() > 0.8


def test_an_original_of_another_size_flags_the_fake(manipulated, tmp_path):
    other = tmp_path / "other.png"
    write_png(other, np.zeros((30, 90, 3), np.uint8))

    (face,), rejected = extract(manipulated[0], 1, original=other, derive_masks=True)

    assert not face.mask_valid
    assert rejected == [(None, "original_size_mismatch")]
