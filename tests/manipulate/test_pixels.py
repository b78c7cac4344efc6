"""Blending, colour, low-rank textures, camera."""

from __future__ import annotations

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.manipulate import colour
from fakeloc_tf.manipulate.camera import drift, pristine_frames
from fakeloc_tf.manipulate.manipulation import TAIL, blend
from fakeloc_tf.manipulate.mouth_texture import low_rank

FACE = np.random.default_rng(0).uniform(0, 255, (24, 30, 3)).astype(np.float32)


def test_blend_by_hand() -> None:
    image = np.full((3, 4, 3), 100, np.uint8)
    window = slice(1, 3), slice(2, 4)
    alpha = np.float32([[0.0, TAIL], [0.55, 1.0]])
    result = blend(image, window, np.full((2, 2, 3), 200, np.float32), alpha)
    # (0.55 − 0.1) / 0.9 = 0.5
    assert result.image_uint8[..., 0].tolist() == [
        [100, 100, 100, 100],
        [100, 100, 100, 100],
        [100, 100, 150, 200],
    ]
    assert result.mask_uint8.tolist() == [[0] * 4, [0] * 4, [0, 0, 255, 255]]


def test_blend_clips_values_out_of_range() -> None:
    image = np.full((1, 2, 3), 250, np.uint8)
    altered = np.float32([[[300] * 3, [-50] * 3]])
    result = blend(image, (slice(0, 1), slice(0, 2)), altered, np.ones((1, 2)))
    assert result.image_uint8[0, :, 0].tolist() == [255, 0]


def test_colour_without_amount_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(colour.shift_colour(FACE, rng, 0.0), FACE, atol=1e-3)
    np.testing.assert_allclose(colour.tilt_light(FACE, rng, 0.0), FACE, atol=1e-3)


def test_colour_shift_is_of_the_size_asked_for() -> None:
    shifted = colour.shift_colour(FACE, np.random.default_rng(2), 0.1)
    ratio = shifted.mean() / FACE.mean()
    assert 0.85 < ratio < 1.15 and abs(ratio - 1) > 1e-3


def test_light_tilts_about_the_middle() -> None:
    tilted = colour.tilt_light(np.full_like(FACE, 100), np.random.default_rng(1), 0.1)
    assert tilted.mean() == pytest.approx(100, abs=0.1)
    assert tilted.max() > 108 and tilted.min() < 92


def test_light_from_a_side_fades_into_shade() -> None:
    for number in range(20):
        lit = colour.side_light(np.ones_like(FACE), np.random.default_rng(number))
        assert 0.3 <= lit.min() < lit.max() <= 1
        # One direction: each row and each column rises or falls all along.
        for axis in (0, 1):
            steps = np.diff(lit[..., 0], axis=axis)
            assert (steps <= 1e-6).all() or (steps >= -1e-6).all()


def test_colours_are_matched_where_the_region_is() -> None:
    target = np.float32([50, 90, 20]) + 0.1 * FACE
    region = np.zeros(FACE.shape[:2], np.uint8)
    region[4:18, 5:20] = 1
    inside = region > 0
    moved = colour.match_colours(FACE, target, region)
    mean = target[inside].mean(0)
    np.testing.assert_allclose(moved[inside].mean(0), mean, atol=0.01)
    np.testing.assert_allclose(moved[inside].std(0), FACE[inside].std(0), rtol=1e-4)
    # Contrast is matched by a factor of 2 at most.
    scaled = colour.match_colours(FACE, target, region, contrast=1.0)
    np.testing.assert_allclose(scaled[inside].std(0), FACE[inside].std(0) / 2, rtol=0.1)
    again = colour.match_colours(scaled, 0.7 * scaled, region, contrast=1.0)
    np.testing.assert_allclose(
        again[inside].std(0), 0.7 * scaled[inside].std(0), rtol=0.02
    )


def test_all_components_rebuild_the_picture() -> None:
    np.testing.assert_allclose(low_rank(FACE, 6 * 6 * 3), FACE, atol=1e-2)


def test_few_components_leave_less_variance() -> None:
    errors = [np.square(low_rank(FACE, n) - FACE).mean() for n in (2, 20, 60)]
    assert errors[0] > errors[1] > errors[2] > 1


def test_a_flat_picture_survives_one_component() -> None:
    flat = np.full((20, 19, 3), 77, np.float32)
    np.testing.assert_allclose(low_rank(flat, 1), flat, atol=1e-3)


def test_drift_is_smooth_and_bounded() -> None:
    course = drift(np.random.default_rng(0), 200)
    assert np.abs(course).max() <= 1
    assert np.abs(np.diff(course)).max() < 0.35


def test_frames_have_even_sides_and_follow_the_landmarks() -> None:
    portrait = load_portraits()[2]
    image = portrait.image()
    frames = list(
        pristine_frames(image, portrait.landmarks, 4, np.random.default_rng(1))
    )
    assert len(frames) == 4
    for frame, points in frames:
        assert frame.shape == (410, 334, 3) and frame.dtype == np.uint8
        assert points.shape == (68, 2) and points.dtype == np.float32
        # A window about the nose looks alike where the landmarks say it went.
        old, new = (p[30].astype(int) for p in (portrait.landmarks, points))
        patches = [
            i[y - 12 : y + 12, x - 12 : x + 12].astype(float)
            for i, (x, y) in ((image, old), (frame, new))
        ]
        assert np.abs(patches[0] - patches[1]).mean() < 20
        assert np.abs(points - portrait.landmarks).max() < 25
    assert (frames[0][0] != frames[1][0]).any()
