"""Every manipulation: exact mask, inside the face, deterministic."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakeloc_tf.data.portraits import Portrait, load_portraits
from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.methods import MANIPULATIONS

METHODS = sorted(MANIPULATIONS)
PORTRAITS = load_portraits()


def run(method: str, portrait: Portrait, seed: int = 0, strength: float = 1.0):
    rng = np.random.default_rng(seed)
    image = portrait.image()
    return image, MANIPULATIONS[method](image, portrait.landmarks, rng, strength)


def test_names_are_those_of_ffpp() -> None:
    assert METHODS == ["Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(index=st.integers(0, len(PORTRAITS) - 1), seed=st.integers(0, 2**32))
def test_the_mask_is_exact(method: str, index: int, seed: int) -> None:
    image, result = run(method, PORTRAITS[index], seed)
    mask = result.mask_uint8
    assert result.image_uint8.dtype == mask.dtype == np.uint8
    assert result.image_uint8.shape == image.shape
    assert mask.shape == image.shape[:2]
    assert set(np.unique(mask)) == {0, 255}
    changed = (result.image_uint8 != image).any(-1)
    assert not changed[mask == 0].any()
    # Inside, nearly every pixel really changed: the mask claims nothing more.
    assert changed[mask > 0].mean() > 0.8
    assert 0.002 < (mask > 0).mean() < 0.5


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(index=st.integers(0, len(PORTRAITS) - 1), seed=st.integers(0, 2**32))
def test_the_mask_lies_within_the_face(method: str, index: int, seed: int) -> None:
    portrait = PORTRAITS[index]
    image, result = run(method, portrait, seed)
    hull = cv2.convexHull(portrait.landmarks).astype(np.int32)
    face = cv2.fillConvexPoly(np.zeros(image.shape[:2], np.uint8), hull, 255)
    reach = int(0.35 * geometry.face_scale(portrait.landmarks))
    face = cv2.dilate(face, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    assert not result.mask_uint8[face == 0].any()


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_fake(method: str) -> None:
    _, first = run(method, PORTRAITS[3], seed=5)
    _, again = run(method, PORTRAITS[3], seed=5)
    np.testing.assert_array_equal(first.image_uint8, again.image_uint8)
    np.testing.assert_array_equal(first.mask_uint8, again.mask_uint8)


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_gives_another_fake_and_mask(method: str) -> None:
    _, first = run(method, PORTRAITS[3], seed=5)
    _, other = run(method, PORTRAITS[3], seed=6)
    assert (first.image_uint8 != other.image_uint8).any()
    assert (first.mask_uint8 != other.mask_uint8).any()


@pytest.mark.parametrize("method", METHODS)
def test_the_input_is_left_alone(method: str) -> None:
    image = PORTRAITS[0].image()
    landmarks = PORTRAITS[0].landmarks.copy()
    before = image.copy()
    MANIPULATIONS[method](image, landmarks, np.random.default_rng(0), 1.0)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(landmarks, PORTRAITS[0].landmarks)


@pytest.mark.parametrize("method", METHODS)
def test_a_face_at_the_border_is_manipulated_inside_the_picture(method: str) -> None:
    portrait = PORTRAITS[0]
    left, top = portrait.landmarks.min(0).astype(int) + 15
    image = np.ascontiguousarray(portrait.image()[top:, left:])
    landmarks = portrait.landmarks - np.float32([left, top])
    result = MANIPULATIONS[method](image, landmarks, np.random.default_rng(0), 1.0)
    assert result.mask_uint8.any()
    changed = (result.image_uint8 != image).any(-1)
    assert not changed[result.mask_uint8 == 0].any()


def test_masks_differ_in_size_within_and_between_methods() -> None:
    shares = {
        method: [
            (run(method, PORTRAITS[7], seed)[1].mask_uint8 > 0).mean()
            for seed in range(10)
        ]
        for method in METHODS
    }
    for method, values in shares.items():
        assert max(values) > 1.15 * min(values), method
    assert np.mean(shares["NeuralTextures"]) < 0.6 * np.mean(shares["FaceSwap"])


def test_fakes_are_subtle_but_there() -> None:
    """A mean change of 2 to 40 grey levels: neither nothing nor a cut-out."""
    for method in METHODS:
        for seed in range(4):
            image, result = run(method, PORTRAITS[9 * seed], seed)
            change = np.abs(result.image_uint8.astype(int) - image).mean(-1)
            assert 2 < change[result.mask_uint8 > 0].mean() < 40, (method, seed)
