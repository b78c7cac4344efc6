"""Self-blending on the fly: exact masks, new residuals, only ever one's own face."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeloc_tf.data import self_blending
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.faces import DlibDetector, crop, crop_box
from fakeloc_tf.noise import noise_uint8

SIZE = 96


@pytest.fixture(scope="module")
def portraits():
    """(landmarks 0..1 in the crop, uint8 crop) of six portraits."""
    find = DlibDetector()
    faces = []
    for portrait in load_portraits(6):
        image = portrait.image()
        box = crop_box(find.detect(image)[0], 1.3, *image.shape[:2])
        points = (portrait.landmarks - (box.left, box.top)) / box.side
        faces.append((points, crop(image, box, SIZE)))
    return faces


def record_of(image, label=0):
    return {
        "image": tf.constant(image),
        "mask": tf.constant(np.full((SIZE, SIZE, 1), 255 * label, np.uint8)),
        "noise": tf.constant(noise_uint8(image, 5.0)[..., None]),
        "label": tf.constant(label, tf.int64),
        "method": tf.constant(3 * label, tf.int64),
        "mask_valid": tf.constant(1 - label, tf.int64),
        "video_id": tf.constant("000"),
    }


def test_a_blended_face_has_its_mask_and_its_own_residual(portraits):
    for number, (_, image) in enumerate(portraits):
        face = record_of(image)
        fake = self_blending.random_self_blend(face, tf.constant([number, 2]), 1.0, 5.0)
        assert [int(fake[k]) for k in ("label", "method", "mask_valid")] == [1, 1, 1]
        assert fake["video_id"] == "000"
        mask = fake["mask"].numpy()[..., 0]
        assert set(np.unique(mask)) == {0, 255}
        changed = (fake["image"].numpy() != image).any(-1)
        assert changed.any() and not changed[mask == 0].any()
        # Nearly all of it, that is: a change may round to nothing.
        assert changed[mask > 0].mean() > 0.5
        residual = noise_uint8(fake["image"].numpy(), 5.0)
        np.testing.assert_array_equal(fake["noise"][..., 0], residual)
        assert (residual != face["noise"].numpy()[..., 0]).any()


def test_the_residual_is_that_of_the_filters_sigma(portraits):
    fake = self_blending.random_self_blend(
        record_of(portraits[0][1]), tf.constant([1, 2]), 1.0, 10.0
    )
    expected = noise_uint8(fake["image"].numpy(), 10.0)
    np.testing.assert_array_equal(fake["noise"][..., 0], expected)


@pytest.mark.parametrize(("label", "share"), [(1, 1.0), (0, 0.0)])
def test_fakes_and_faces_outside_the_share_are_left_alone(portraits, label, share):
    face = record_of(portraits[0][1], label)
    for number in range(5):
        same = self_blending.random_self_blend(
            face, tf.constant([number, 0]), share, 5.0
        )
        tf.nest.map_structure(np.testing.assert_array_equal, same, face)


def test_the_share_of_the_faces_is_kept(portraits):
    face = record_of(portraits[0][1])
    blend = tf.function(
        lambda seed: self_blending.random_self_blend(face, seed, 0.25, 5.0)["label"]
    )
    labels = [int(blend(tf.constant([number, 0]))) for number in range(300)]
    # Five standard deviations of a binomial distribution.
    assert abs(np.mean(labels) - 0.25) < 0.125


def test_an_even_picture_is_still_blended_by_its_mask():
    """Nothing of the label depends on the picture's content."""
    image = np.full((SIZE, SIZE, 3), 90, np.uint8)
    face = self_blending.random_self_blend(
        record_of(image), tf.constant([4, 4]), 1.0, 5.0
    )
    assert int(face["label"]) == 1 and face["mask"].numpy().any()


def test_a_face_without_a_blended_region_stays_real(monkeypatch, portraits):
    def nothing(size, rng):
        return np.full((68, 2), -3.0, np.float32) + rng.random((68, 2))

    monkeypatch.setattr(self_blending, "approximate_landmarks", nothing)
    monkeypatch.setattr(self_blending, "self_blend", _untouched)
    face = self_blending.random_self_blend(
        record_of(portraits[0][1]), tf.constant([4, 4]), 1.0, 5.0
    )
    assert int(face["label"]) == int(face["method"]) == 0


def _untouched(image, landmarks, rng):
    from fakeloc_tf.manipulate.manipulation import Manipulation

    return Manipulation(image, np.zeros(image.shape[:2], np.uint8))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(24, 300))
def test_any_seed_and_size_gives_a_fake(seed, size):
    image = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    blended, mask, noise, fake = self_blending.blend(image, np.array([seed]), 5.0)
    assert blended.shape == (size, size, 3) and mask.shape == noise.shape
    assert fake == mask.any()
    np.testing.assert_array_equal(blended[mask[..., 0] == 0], image[mask[..., 0] == 0])


def test_the_mean_face_is_near_the_portraits_landmarks(portraits):
    """Made by `tools/compute_mean_face.py`; single faces are 0.03 from their mean."""
    mean = self_blending.mean_face()
    assert mean.shape == (68, 2) and 0.0 < mean.min() < mean.max() < 1.0
    for landmarks, _ in portraits:
        assert np.linalg.norm(landmarks - mean, axis=1).mean() < 0.12
    middle = np.mean([landmarks for landmarks, _ in portraits], axis=0)
    assert np.linalg.norm(middle - mean, axis=1).mean() < 0.04


def test_landmarks_spread_as_faces_do():
    rng = np.random.default_rng(0)
    drawn = np.stack(
        [self_blending.approximate_landmarks(200, rng) for _ in range(2000)]
    )
    centres = drawn.mean(1) / 200
    np.testing.assert_allclose(
        centres.mean(0), self_blending.mean_face().mean(0), atol=0.003
    )
    np.testing.assert_allclose(centres.std(0), self_blending.PLACE, rtol=0.1)
    chin_to_brow = drawn[:, 8] - drawn[:, 27]
    lengths = np.linalg.norm(chin_to_brow, axis=1)
    assert lengths.std() / lengths.mean() == pytest.approx(self_blending.SIZE, rel=0.1)
    angles = np.degrees(np.arctan2(chin_to_brow[:, 0], chin_to_brow[:, 1]))
    assert angles.std() == pytest.approx(self_blending.TURN, rel=0.1)
