"""Corruptions: what they do to a crop, and that they leave every pixel in its place."""

import dataclasses

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from fakeloc_tf.evaluation.robustness.corruptions import (
    CORRUPTIONS,
    corrupt,
    missing,
)
from fakeloc_tf.media.one_frame import h264_frame
from fakeloc_tf.media.video import read_frames, write_video

# corruption → the amount that changes nothing
NOTHING = {"blur": 0, "noise": 0, "downscale": 1, "brightness": 0, "colour": 1}
NEARLY_NOTHING = {"jpeg": 100, "h264": 0}
every = pytest.mark.parametrize("name", CORRUPTIONS)


def picture(height, width):
    """Colours that run smoothly, under fine and coarse texture; uint8 [H, W, 3]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / max(height, width)
    image = np.stack([90 + 90 * x, 80 + 60 * y, 150 - 80 * x * y], -1)
    for scale in (0, 1, 2, 4, 8):
        texture = gaussian_filter(
            rng.normal(size=(height, width, 1)), (scale, scale, 0)
        )
        image += 8 * texture / texture.std()
    return np.clip(image, 0, 255).astype(np.uint8)


def changed(image, name, amount, number=0):
    seed = tf.constant([0, number], tf.int64)
    return corrupt(tf.constant(image), seed, CORRUPTIONS[name], amount).numpy()


def psnr(one, other):
    error = np.mean((one.astype(float) - other) ** 2)
    return 10 * np.log10(255**2 / max(error, 1e-9))


@every
def test_each_level_is_further_from_the_picture_than_the_one_before(name):
    image = picture(96, 96)
    amounts = CORRUPTIONS[name].amounts
    assert len(amounts) == 5
    quality = [psnr(image, changed(image, name, amount)) for amount in amounts]
    assert quality == sorted(quality, reverse=True)
    assert min(-np.diff(quality)) > 0.3
    assert quality[0] > 19 and quality[-1] < 33


@pytest.mark.parametrize("name", NOTHING)
def test_the_amount_that_is_none_changes_nothing(name):
    image = picture(41, 41)
    np.testing.assert_array_equal(changed(image, name, NOTHING[name]), image)


@pytest.mark.parametrize("name", NEARLY_NOTHING)
def test_the_best_quality_of_a_codec_is_close_to_the_picture(name):
    image = cv2.GaussianBlur(picture(64, 64), (0, 0), 2)
    assert psnr(image, changed(image, name, NEARLY_NOTHING[name])) > 40


@every
def test_the_same_face_is_changed_in_the_same_way(name):
    image, amount = picture(48, 48), CORRUPTIONS[name].amounts[2]
    first = changed(image, name, amount, number=7)
    np.testing.assert_array_equal(changed(image, name, amount, number=7), first)


@every
@pytest.mark.parametrize("side", [96, 97])
def test_a_checkerboard_stays_in_its_place(name, side):
    board = np.indices((side, side)) // 16
    grey = np.where(board.sum(0) % 2, 200, 60).astype(np.uint8)
    image = np.repeat(grey[..., None], 3, -1)
    for amount in CORRUPTIONS[name].amounts:
        after = changed(image, name, amount).mean(-1)
        centred = after - after.mean()

        def match(dy, dx, centred=centred):
            moved = np.roll(grey - grey.mean(), (dy, dx), (0, 1))
            return float((moved * centred)[4:-4, 4:-4].mean())

        steps = {(dy, dx): match(dy, dx) for dy in (-2, 0, 2) for dx in (-2, 0, 2)}
        assert max(steps, key=steps.get) == (0, 0)
        # A shift by half a pixel would favour one side by half and more.
        for there, back in (((0, 2), (0, -2)), ((2, 0), (-2, 0))):
            lean = abs(steps[there] - steps[back])
            assert lean < 0.3 * (steps[0, 0] - min(steps[there], steps[back])) + 1


@settings(max_examples=8, deadline=None)
@given(height=st.integers(9, 60), width=st.integers(9, 60), level=st.integers(0, 4))
def test_any_size_comes_back_as_it_was(height, width, level):
    image = picture(height, width)
    for name, corruption in CORRUPTIONS.items():
        after = changed(image, name, corruption.amounts[level])
        assert after.dtype == np.uint8 and after.shape == image.shape
        # A shift by half of all grey levels is 6 dB.
        assert psnr(image, after) > 5.9


def test_jpeg_is_that_of_another_program():
    image = picture(64, 64)
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 30])
    theirs = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    ours = changed(image, "jpeg", 30)
    assert psnr(image, ours) == pytest.approx(psnr(image, theirs), abs=0.3)
    assert psnr(ours, theirs) > psnr(image, ours) + 5


def test_blur_is_a_gaussian_whose_width_goes_with_the_crop():
    for side in (50, 100):
        image = picture(side, side)
        # Two per cent of the side.
        sigma = (0.02 * side, 0.02 * side, 0)
        wanted = gaussian_filter(image.astype(float), sigma, mode="nearest")
        assert np.abs(changed(image, "blur", 2.0) - wanted).max() <= 1.0


def test_noise_has_its_deviation_and_grows_from_level_to_level_as_one_pattern():
    image = np.full((64, 64, 3), 128, np.uint8)
    ten, twenty = (changed(image, "noise", s).astype(float) - 128 for s in (10, 20))
    assert ten.std() == pytest.approx(10, rel=0.03)
    assert np.corrcoef(ten.ravel(), twenty.ravel())[0, 1] > 0.99
    other = changed(image, "noise", 10, number=1).astype(float) - 128
    assert abs(np.corrcoef(ten.ravel(), other.ravel())[0, 1]) < 0.1


def test_brightness_goes_up_for_some_faces_and_down_for_others():
    image = np.full((4, 4, 3), 128, np.uint8)
    after = {int(changed(image, "brightness", 20, n).mean()) for n in range(12)}
    assert after == {128 - 51, 128 + 51}


def test_colour_fades_to_the_grey_of_its_luma():
    image = np.tile(np.uint8([200, 100, 50]), (4, 4, 1))
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    assert np.abs(changed(image, "colour", 0.0) - luma).max() < 1
    half = (image + luma) / 2
    assert np.abs(changed(image, "colour", 0.5) - half).max() < 1


def test_a_clip_of_one_frame_does_not_profit_from_copies(tmp_path):
    image = picture(64, 64)
    write_video(tmp_path / "copies.mp4", [image] * 8, 25, crf=32)
    ((_, last),) = read_frames(tmp_path / "copies.mp4", [7])
    assert psnr(image, h264_frame(image, 32)) < psnr(image, last) - 0.5


def test_a_missing_encoder_is_named():
    h264 = CORRUPTIONS["h264"]
    assert missing(h264) is None and missing(CORRUPTIONS["jpeg"]) is None
    assert "no-such" in missing(dataclasses.replace(h264, encoder="no-such"))
