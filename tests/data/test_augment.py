"""Augmentation: face, mask and noise stay aligned; every change is what it says."""

import functools
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeloc_tf.config import AugmentConfig
from fakeloc_tf.data import augment
from fakeloc_tf.errors import FakelocError

PIXEL_CHANGES = ("colour", "blur", "downscale", "noise", "jpeg")
seeds = st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))


@functools.cache
def augmentation(**config):
    """Compiled once for each configuration, for faces of any size."""
    change = augment.make_augmentation(AugmentConfig(**{"flip": False} | config), 5.0)
    face = {
        "image": tf.TensorSpec([None, None, 3], tf.uint8),
        "mask": tf.TensorSpec([None, None, 1], tf.uint8),
        "noise": tf.TensorSpec([None, None, 1], tf.uint8),
        "label": tf.TensorSpec([], tf.int64),
        "method": tf.TensorSpec([], tf.int64),
        "mask_valid": tf.TensorSpec([], tf.int64),
    }
    return tf.function(
        change, input_signature=[face, tf.TensorSpec([2], tf.int32)], autograph=False
    )


def face_of(pattern, label=1):
    """A face whose picture, mask and noise are all the same uint8 [S, S]."""
    return {
        "image": tf.constant(np.repeat(pattern[..., None], 3, 2)),
        "mask": tf.constant(pattern[..., None]),
        "noise": tf.constant(pattern[..., None]),
        "label": tf.constant(label, tf.int64),
        "method": tf.constant(label, tf.int64),
        "mask_valid": tf.constant(1, tf.int64),
    }


def checkerboard(size, seed):
    """Squares of 6 pixels in random grey levels: no shift maps it onto itself."""
    cells = np.random.default_rng(seed).integers(40, 216, (size // 6 + 1,) * 2)
    return np.kron(cells, np.ones((6, 6)))[:size, :size].astype(np.uint8)


def moved(image, pattern):
    """How far, in pixels, the picture is from where the pattern is.

    A small shift d turns a pattern p into a·(p − d·∇p) + b: linear least squares.
    """
    grey, pattern = (
        cv2.GaussianBlur(values.numpy().mean(-1).astype(np.float64), (0, 0), 2.0)
        for values in (image, pattern)
    )
    terms = [pattern, *np.gradient(pattern), np.ones_like(pattern)]
    inner = (slice(6, -6), slice(6, -6))
    (scale, *shift, _), *_ = np.linalg.lstsq(
        np.stack([term[inner].ravel() for term in terms], 1), grey[inner].ravel()
    )
    return np.hypot(*shift) / abs(scale)


def landmarks(size, seed):
    """Bright dots on grey, at least 12 pixels apart; and where they are."""
    rng = np.random.default_rng(seed)
    places = np.arange(9, size - 6, 12)
    centres = np.stack(np.meshgrid(places, places), -1).reshape(-1, 2)
    centres = centres + rng.integers(-2, 3, centres.shape)
    picture = np.full((size, size), 64, np.uint8)
    for row, column in centres:
        picture[row - 1 : row + 2, column - 1 : column + 2] = 220
        picture[row, column] = 255
    return picture, centres


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(24, 100))
def test_flips_move_face_mask_and_noise_together(seed, size):
    face = face_of(checkerboard(size, seed))
    changed = augmentation(flip=True)(face, tf.constant(seed))
    mirrored = (changed["mask"] != face["mask"]).numpy().any()
    for name in augment.MAPS:
        expected = face[name].numpy()
        expected = expected[:, ::-1] if mirrored else expected
        np.testing.assert_array_equal(changed[name], expected, err_msg=name)


def test_half_of_the_faces_are_flipped():
    face = face_of(checkerboard(30, 0))
    flipped = [
        (augmentation(flip=True)(face, tf.constant([3, i]))["mask"] != face["mask"])
        .numpy()
        .any()
        for i in range(400)
    ]
    # Five standard deviations of a binomial distribution.
    assert abs(np.mean(flipped) - 0.5) < 0.125


@pytest.mark.parametrize("name", PIXEL_CHANGES)
@settings(max_examples=15, deadline=None)
@given(seeds, st.integers(48, 150))
def test_changes_of_pixels_move_nothing(name, seed, size):
    """The picture still fits the mask, which stays as it is."""
    face = face_of(checkerboard(size, seed))
    changed = augmentation(**{name: 1.0})(face, tf.constant(seed))
    for still in ("mask", "noise", "label", "method", "mask_valid"):
        np.testing.assert_array_equal(changed[still], face[still])
    assert changed["image"].dtype == tf.uint8
    assert changed["image"].shape == face["image"].shape
    # A fifth of a pixel; resizing without half-pixel centres would move 0.5 and more.
    assert moved(changed["image"], face["mask"]) < 0.2


@pytest.mark.parametrize("name", PIXEL_CHANGES)
@settings(max_examples=10, deadline=None)
@given(seeds, st.integers(40, 100))
def test_landmarks_stay_where_they_are(name, seed, size):
    picture, centres = landmarks(size, seed)
    # Strong enough to see, weak enough to leave a dot its maximum.
    options = {"noise_sigma": (1.0, 8.0), "downscale_factor": (0.6, 0.9)}
    options |= {"blur_sigma": (0.5, 1.5), "jpeg_quality": (60, 100)}
    change = augmentation(**{name: 1.0}, **options)
    grey = change(face_of(picture), tf.constant(seed))["image"].numpy().sum(-1)
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    for row, column in centres:
        around = smooth[row - 4 : row + 5, column - 4 : column + 5]
        top = np.unravel_index(around.argmax(), around.shape)
        # Resampling may give the maximum to a neighbour.
        assert np.abs(np.subtract(top, 4)).max() <= 1


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_all_changes_together_keep_the_checkerboard_aligned(seed):
    """After flip and pixel changes the picture still fits its own mask and noise."""
    everything = augmentation(flip=True, **dict.fromkeys(PIXEL_CHANGES, 1.0))
    changed = everything(face_of(checkerboard(96, seed)), tf.constant(seed))
    np.testing.assert_array_equal(changed["mask"], changed["noise"])
    assert moved(changed["image"], changed["mask"]) < 0.2


@pytest.mark.parametrize("name", [*PIXEL_CHANGES, "flip", "self_blend"])
def test_equal_seeds_change_alike_and_others_do_not(name):
    change = augmentation(**{name: True if name == "flip" else 1.0})
    face = face_of(checkerboard(64, 0), label=0)
    results = [change(face, tf.constant([7, i]))["image"].numpy() for i in range(8)]
    tf.random.set_seed(5)
    tf.random.uniform([])
    for index, result in enumerate(results):
        again = change(face, tf.constant([7, index]))["image"]
        np.testing.assert_array_equal(again, result)
    assert len({result.tobytes() for result in results}) > 1


@pytest.mark.parametrize("name", PIXEL_CHANGES)
def test_a_share_of_the_faces_is_changed(name):
    face = face_of(checkerboard(24, 1))
    options = {"jpeg_quality": (10, 30), "blur_sigma": (1.0, 2.0)}
    change = augmentation(**{name: 0.25}, **options)
    changed = [
        (change(face, tf.constant([1, i]))["image"] != face["image"]).numpy().any()
        for i in range(400)
    ]
    # Five standard deviations; a face that is not chosen keeps every bit.
    assert abs(np.mean(changed) - 0.25) < 0.11


@pytest.mark.parametrize("label", [0, 1])
def test_reals_and_fakes_are_changed_alike(label):
    """What tells them apart must not be the augmentation."""
    everything = augmentation(flip=True, **dict.fromkeys(PIXEL_CHANGES, 0.5))
    pattern = checkerboard(48, 2)
    for index in range(10):
        seed = tf.constant([index, 1])
        np.testing.assert_array_equal(
            everything(face_of(pattern, label), seed)["image"],
            everything(face_of(pattern), seed)["image"],
        )


def grey_face(size=64):
    return tf.fill([size, size, 3], 128.0)


def test_noise_has_the_wanted_deviation():
    noisy = augment.noise(grey_face(200), tf.constant([1, 2]), (6.0, 6.0)).numpy()
    # 120 000 values: the standard deviation of their deviation is 0.012.
    assert noisy.std() == pytest.approx(6.0, abs=0.06)
    assert noisy.mean() == pytest.approx(128.0, abs=0.09)


@pytest.mark.parametrize(("sigma", "size"), [(0.5, 5), (1.5, 11), (4.0, 25)])
def test_blur_is_opencvs(sigma, size):
    image = np.random.default_rng(0).uniform(0, 255, (40, 30, 3)).astype(np.float32)
    blurred = augment.blur(tf.constant(image), tf.constant([1, 2]), (sigma, sigma))
    expected = cv2.GaussianBlur(
        image, (size, size), sigma, borderType=cv2.BORDER_REPLICATE
    )
    # OpenCV's kernel is normalised in float64; values up to 255 in float32.
    np.testing.assert_allclose(blurred, expected, atol=1e-3)


def test_blur_leaves_an_even_picture_alone_up_to_its_border():
    blurred = augment.blur(grey_face(8), tf.constant([1, 2]), (3.0, 3.0))
    np.testing.assert_allclose(blurred, 128.0, rtol=1e-5)


@pytest.mark.parametrize("quality", [1, 30, 100])
def test_jpeg_is_that_of_the_quality(quality):
    rng = np.random.default_rng(0)
    smooth = cv2.GaussianBlur(rng.normal(128, 400, (64, 64, 3)), (0, 0), 5)
    image = np.clip(smooth, 0, 255).astype(np.uint8)
    encoded = tf.io.encode_jpeg(image, quality=quality)
    changed = augment.jpeg(
        tf.cast(image, tf.float32), tf.constant([3, 4]), (quality, quality)
    )
    np.testing.assert_array_equal(changed, tf.io.decode_jpeg(encoded))


def test_the_highest_quality_is_drawn_too():
    face = tf.cast(face_of(checkerboard(24, 3))["image"], tf.float32)
    best = augment.jpeg(face, tf.constant([0, 0]), (100, 100)).numpy()
    drawn = [
        augment.jpeg(face, tf.constant([0, i]), (99, 100)).numpy() for i in range(40)
    ]
    assert 0 < sum(np.array_equal(one, best) for one in drawn) < 40


def test_downscaling_takes_fine_detail_and_keeps_coarse():
    fine = np.tile([[0, 255], [255, 0]], (32, 32)).astype(np.float32)
    coarse = np.kron(fine[:4, :4], np.ones((16, 16), np.float32))
    lost, kept = (
        augment.downscale(
            tf.constant(np.repeat(pattern[..., None], 3, 2)),
            tf.constant([1, 2]),
            (0.5, 0.5),
        ).numpy()
        for pattern in (fine, coarse)
    )
    # TensorFlow takes bicubic weights from a table of 1024 steps.
    np.testing.assert_allclose(lost[4:-4, 4:-4], 127.5, atol=0.01)
    assert np.abs(kept[..., 0] - coarse).mean() < 20


def test_colour_changes_by_no_more_than_its_strength():
    image = tf.constant(np.full((8, 8, 3), (120, 100, 80), np.float32))
    np.testing.assert_array_equal(
        augment.colour(image, tf.constant([0, 0]), 0.0), image
    )
    drawn = np.array(
        [augment.colour(image, tf.constant([0, i]), 0.1)[0, 0] for i in range(200)]
    )
    # An even picture has no contrast to change: brightness moves by 25.5 grey levels,
    # saturation and hue leave the largest channel alone.
    largest = np.abs(drawn.max(-1) - 120)
    assert 20 < largest.max() <= 25.6
    assert 0 <= drawn.min() and drawn.max() <= 255


def test_without_keras_cv_only_blur_is_refused(monkeypatch):
    augment._blur_layer.cache_clear()
    monkeypatch.setitem(sys.modules, "keras_cv", None)
    others = AugmentConfig(jpeg=1.0, noise=1.0, downscale=1.0, colour=1.0)
    augment.make_augmentation(others, 5.0)
    with pytest.raises(FakelocError, match=r"augment\.blur.*fakeloc-tf\[augment\]"):
        augment.make_augmentation(AugmentConfig(blur=0.1), 5.0)
