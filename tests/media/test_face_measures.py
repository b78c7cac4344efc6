"""Detail, symmetry and light of a face, on made-up pictures and the portraits."""

import cv2
import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.boxes import FaceBox
from fakeloc_tf.media.face_measures import (
    detail_width,
    face_grey,
    light,
    mirror_symmetry,
)
from fakeloc_tf.media.faces import DlibDetector


@pytest.fixture(scope="module")
def greys():
    """Six faces as grey levels, uint8 [h, w] each."""
    find = DlibDetector()
    images = [portrait.image() for portrait in load_portraits(6)]
    return [face_grey(image, find.detect(image)[0]) for image in images]


def regrown(grey, width):
    """The face shrunk to so many pixels and grown again."""
    height = round(grey.shape[0] * width / grey.shape[1])
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, grey.shape[::-1], interpolation=cv2.INTER_CUBIC)


def noisy(grey, sigma):
    drawn = np.random.default_rng(0).normal(0, sigma, grey.shape)
    return np.clip(grey + drawn, 0, 255).astype(np.uint8)


def median_detail(greys):
    return np.median([detail_width(grey) for grey in greys])


@pytest.mark.parametrize("width", [32, 48, 64])
def test_detail_tells_how_small_a_regrown_face_was(greys, width):
    detail = median_detail([regrown(grey, width) for grey in greys])

    assert detail == pytest.approx(width, rel=0.2)


def test_a_sharp_face_has_detail_at_every_size_also_a_small_one(greys):
    assert median_detail(greys) > 100
    small = [cv2.resize(g, (72, 72), interpolation=cv2.INTER_AREA) for g in greys]
    assert median_detail(small) > 60


def test_detail_does_not_depend_on_contrast_and_hardly_on_noise(greys):
    blurred = [cv2.GaussianBlur(grey, (0, 0), 2.5) for grey in greys]
    plain = median_detail(blurred)

    flat = [(0.5 * grey + 60).astype(np.uint8) for grey in blurred]
    assert median_detail(flat) == pytest.approx(plain, rel=0.15)
    assert median_detail([noisy(grey, 5) for grey in blurred]) < 1.6 * plain < 64


def test_a_plain_patch_has_no_detail():
    assert detail_width(np.full((90, 80), 128, np.uint8)) == 0


def test_a_picture_and_its_mirror_image_side_by_side_are_symmetric():
    half = np.random.default_rng(1).integers(0, 256, (100, 50), np.uint8)
    # Coarse enough to be seen at the side where symmetry is measured.
    half = cv2.GaussianBlur(half, (0, 0), 4)
    half = cv2.normalize(half, None, 0, 255, cv2.NORM_MINMAX)

    assert mirror_symmetry(np.hstack([half, half[:, ::-1]])) > 0.95
    assert mirror_symmetry(np.hstack([half, half[::-1]])) < 0.5


def test_symmetry_does_not_need_the_axis_in_the_middle():
    face = np.zeros((128, 128), np.uint8)
    for x in (52, 92):
        cv2.circle(face, (x, 50), 10, 255, -1)
    cv2.rectangle(face, (57, 90), (87, 100), 255, -1)

    assert mirror_symmetry(face) > 0.9


def test_symmetry_of_a_plain_patch_is_a_number():
    assert mirror_symmetry(np.full((90, 80), 128, np.uint8)) == -1


def test_light_of_known_shares():
    grey = np.full((10, 100), 100, np.uint8)
    grey[:, :3] = 255

    assert light(grey).bright == 100
    assert light(grey).burnt == pytest.approx(0.03)


def test_the_part_of_a_box_inside_the_picture_is_taken():
    image = np.zeros((50, 60, 3), np.uint8)
    image[:20, :10] = 200

    grey = face_grey(image, FaceBox(-15.2, -5, 10, 20, 1.0))
    assert grey.shape == (20, 10) and (grey == 200).all()


def test_a_box_beyond_the_picture_has_no_part():
    image = np.zeros((50, 60, 3), np.uint8)

    assert face_grey(image, FaceBox(-30, 5, -2, 30, 1.0)) is None
    assert face_grey(image, FaceBox(55, 5, 80, 30, 1.0)) is None
