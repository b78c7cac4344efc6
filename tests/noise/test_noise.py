from pathlib import Path

import numpy as np
import pytest
import pywt
from hypothesis import given, settings
from hypothesis import strategies as st
from references import noise as reference

from fakeloc_tf import noise
from fakeloc_tf.noise import db4
from fakeloc_tf.noise.wavelet_filter import wiener_noise

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "wavelet_noise.npz")


@pytest.mark.parametrize("sigma", [5, 10])
def test_residual_equals_the_public_implementation(sigma):
    residual = noise.noise_residual(GOLDEN["image"], sigma)

    assert residual.dtype == np.float32
    np.testing.assert_allclose(residual, GOLDEN[f"residual_sigma{sigma}"], atol=1e-4)


def test_wiener_step_equals_the_public_implementation():
    band = GOLDEN["band"].astype(np.float32)

    np.testing.assert_allclose(
        wiener_noise(band, np.float32(25)), GOLDEN["band_noise_sigma5"], atol=1e-4
    )


def test_wiener_step_by_hand():
    # One coefficient of 9 in an empty 11x11 band: mean of squares = 81/n² for a window
    # of side n; the least is 81/81 = 1 (side 9). With σ = 0.5: v = 1 − 0.25 = 0.75,
    # noise = 9·0.25/(0.75 + 0.25) = 2.25.
    band = np.zeros((11, 11), np.float32)
    band[5, 5] = 9.0

    part = wiener_noise(band, np.float32(0.25))

    assert part[5, 5] == pytest.approx(2.25)
    assert np.count_nonzero(part) == 1


def test_wiener_step_calls_everything_noise_below_sigma():
    band = np.full((12, 12), 2.0, np.float32)

    # σ²/σ² is a product with a reciprocal: one part in 2^23.
    np.testing.assert_allclose(wiener_noise(band, np.float32(9)), band, rtol=2e-7)


@settings(max_examples=15, deadline=None)
@given(
    height=st.integers(8, 70),
    width=st.integers(8, 70),
    sigma=st.floats(0.5, 20),
    seed=st.integers(0, 2**16),
)
def test_residual_equals_the_slow_reference(height, width, sigma, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(UserWarning)
        expected = reference.residual(image, sigma)

    np.testing.assert_allclose(noise.noise_residual(image, sigma), expected, atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 999))
def test_one_level_of_the_transform_equals_pywavelets_both_ways(height, width, seed):
    image = np.random.default_rng(seed).normal(size=(height, width))
    image = image.astype(np.float32)

    low, high = db4.split_down(image)
    bands = (*db4.split_across(low), *db4.split_across(high))
    # Ours: (down, across). PyWavelets: approximation, (horizontal, vertical, diagonal).
    approximation, details = pywt.dwt2(image, "db4", mode="symmetric")
    for ours, theirs in zip(bands, (approximation, *_by_axes(details)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)

    back = db4.join_down(db4.join_across(*bands[:2]), db4.join_across(*bands[2:]))
    np.testing.assert_allclose(back[:height, :width], image, atol=1e-5)


def _by_axes(details):
    """(low down, high across), (high down, low across), (high, high)."""
    horizontal, vertical, diagonal = details
    return vertical, horizontal, diagonal


def test_residual_of_a_flat_picture_is_zero():
    image = np.full((40, 50, 3), 77, np.uint8)

    assert np.abs(noise.noise_residual(image)).max() < 1e-3


def test_residual_recovers_the_strength_of_added_noise():
    rng = np.random.default_rng(0)
    ramp = np.linspace(60, 190, 128)[None, :, None] * np.ones((128, 1, 3))
    image = np.clip(np.rint(ramp + rng.normal(0, 5, ramp.shape)), 0, 255)

    spread = noise.noise_residual(image.astype(np.uint8), 5.0).std()

    assert 4.0 < spread < 5.2


def test_gray_magnitude_weighs_red_green_and_blue():
    residual = np.array([[[-10, 0, 0], [0, 10, 0], [0, 0, -10], [3, 3, 3]]], np.float32)

    np.testing.assert_allclose(
        noise.gray_magnitude(residual), [[2.99, 5.87, 1.14, 3.0]], rtol=1e-6
    )


def test_stored_noise_is_four_times_the_magnitude_rounded_and_clipped():
    image = GOLDEN["image"]
    magnitude = noise.gray_magnitude(noise.noise_residual(image, 10.0))

    stored = noise.noise_uint8(image, 10.0)

    assert stored.dtype == np.uint8
    assert np.abs(stored / noise.NOISE_SCALE - magnitude).max() <= 0.125 + 1e-6
    checker = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    loud = noise.noise_uint8(np.repeat(checker[..., None], 3, -1), 200.0)
    assert loud.max() == 255


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="Received"):
        noise.noise_residual(np.zeros((8, 8), np.uint8))
    with pytest.raises(ValueError, match="sigma=0"):
        noise.noise_residual(np.zeros((8, 8, 3), np.uint8), 0)
