"""Masks: the rule that makes them, and files that do not fit their video."""

import logging

import numpy as np
import pytest

from fakeloc_tf.media.boxes import FaceBox
from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import write_video
from pipelines.derived_masks import convex_hull, difference_mask
from pipelines.mask_files import MaskFrames, UnusableMaskError
from pipelines.masks import (
    components_on_face,
    ffpp_mask,
    overlap,
    plain_mask,
    same_aspect,
)


def test_ffpp_rule_takes_any_colour_above_25_and_drops_specks():
    mask = np.zeros((40, 40, 3), np.uint8)
    mask[2:12, 2:12] = (26, 0, 0)
    mask[20:30, 20:30] = (0, 0, 200)
    mask[2:12, 20:30] = (25, 25, 25)
    mask[35:37, 35:37] = 255

    found = ffpp_mask(mask)

    expected = np.zeros((40, 40), np.uint8)
    expected[2:12, 2:12] = expected[20:30, 20:30] = 255
    np.testing.assert_array_equal(found, expected)


def test_ffpp_rule_fills_an_outline():
    mask = np.zeros((40, 40, 3), np.uint8)
    mask[5:35, 5:35] = 200
    mask[9:31, 9:31] = 0

    found = ffpp_mask(mask)

    assert found[5:35, 5:35].all()
    assert np.count_nonzero(found) == 30 * 30


def test_plain_rule_reads_both_0_255_and_0_1():
    mask = np.zeros((4, 4, 3), np.uint8)
    mask[:2] = 1
    expected = np.repeat([[255], [255], [0], [0]], 4, axis=1)
    np.testing.assert_array_equal(plain_mask(mask), expected)

    soft = np.array([[[0, 0, 0], [127, 127, 127], [128, 0, 0], [255, 0, 0]]], np.uint8)
    assert plain_mask(soft).tolist() == [[0, 0, 255, 255]]
    assert not plain_mask(np.zeros((4, 4, 3), np.uint8)).any()


def test_only_parts_that_touch_the_face_are_kept():
    mask = np.zeros((60, 60), np.uint8)
    mask[10:14, 10:14] = mask[20:24, 20:24] = mask[50:54, 50:54] = 255
    face = FaceBox(5, 5, 30, 30, 1.0)

    kept = components_on_face(mask, face)

    assert kept[10:14, 10:14].all() and kept[20:24, 20:24].all()
    assert not kept[50:54, 50:54].any()


def test_overlap_counts_pixels_inside_of_a_box_that_leaves_the_frame():
    mask = np.full((10, 10), 255, np.uint8)

    assert overlap(mask, FaceBox(-5, -5, 3, 4, 1.0)) == 12
    assert overlap(mask, FaceBox(-9, -9, -2, -2, 1.0)) == 0


def test_same_aspect_by_hand():
    assert same_aspect((100, 200), (50, 100))
    assert not same_aspect((100, 200), (200, 100))
    assert not same_aspect((100, 200), (100, 204))


def pictures(folder, frames, size=(20, 30)):
    for frame in frames:
        write_png(folder / f"{frame:04d}.png", np.full((*size, 3), frame, np.uint8))
    return folder


def test_a_folder_of_pictures_is_read_by_number(tmp_path):
    masks = MaskFrames(pictures(tmp_path, [0, 2, 5]), [0, 2, 3, 5], 9, (20, 30))

    assert masks.at(0).max() == 0 and masks.at(2).max() == 2
    assert masks.at(3) is None
    assert masks.at(5).max() == 5
    assert masks.at(6) is None


def test_a_smaller_mask_is_brought_to_the_size_of_its_video(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        masks = MaskFrames(pictures(tmp_path, [0]), [0], 1, (40, 60))

    assert masks.at(0).shape == (40, 60, 3)
    assert "resized" in caplog.text


def clip(path, frames, size=(32, 48)):
    write_video(path, [np.zeros((*size, 3), np.uint8)] * frames, fps=25)
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda f: clip(f / "a.mp4", 20), "mask_length_mismatch"),
        (lambda f: clip(f / "a.mp4", 10, (48, 32)), "mask_size_mismatch"),
        (lambda f: pictures(f / "none", [99]), "mask_missing"),
        (lambda f: f / "gone.png", "mask_unreadable"),
    ],
)
def test_masks_that_do_not_fit_their_video_have_a_reason(tmp_path, make, reason):
    with pytest.raises(UnusableMaskError) as caught:
        MaskFrames(make(tmp_path), [0, 5], 10, (32, 48))
    assert caught.value.reason == reason


def test_a_frame_or_two_more_or_less_is_no_other_cut(tmp_path):
    masks = MaskFrames(clip(tmp_path / "a.mp4", 12), [0, 5], 10, (32, 48))

    assert masks.at(5).shape == (32, 48, 3)


def test_a_difference_mask_is_the_changed_region():
    """By hand: noise of ±3 everywhere, a block that is brighter by 40."""
    rng = np.random.default_rng(0)
    original = rng.integers(60, 120, (200, 240, 3)).astype(np.uint8)
    noise = rng.integers(-3, 4, original.shape)
    fake = (original + noise).astype(np.uint8)
    fake[60:120, 80:160] += 40

    found = difference_mask(fake, original) > 0

    drawn = np.zeros((200, 240), bool)
    drawn[60:120, 80:160] = True
    assert (found & drawn).sum() / (found | drawn).sum() > 0.9


def test_specks_are_no_manipulation():
    original = np.full((200, 240, 3), 90, np.uint8)
    fake = original.copy()
    for row, column in ((20, 30), (150, 60), (80, 200)):
        fake[row : row + 2, column : column + 2] = 200

    assert not difference_mask(fake, original).any()


def test_equal_frames_have_no_difference():
    image = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    noisy = np.clip(image.astype(int) + 2, 0, 255).astype(np.uint8)

    assert not difference_mask(image, image).any()
    assert not difference_mask(noisy, image).any()


def test_frames_of_two_shapes_have_none():
    with pytest.raises(ValueError, match="Received"):
        difference_mask(np.zeros((8, 8, 3), np.uint8), np.zeros((9, 8, 3), np.uint8))


def test_the_hull_holds_the_mask_and_closes_its_bays():
    mask = np.zeros((40, 40), np.uint8)
    mask[5:30, 5:10] = mask[5:30, 25:30] = 255

    hull = convex_hull(mask)

    assert (hull[mask > 0] == 255).all()
    assert hull[20, 17] == 255 and hull[35, 17] == 0
    assert not convex_hull(np.zeros((9, 9), np.uint8)).any()
