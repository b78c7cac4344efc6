"""The face that is followed: by the mask, by its last place, else the largest."""

import numpy as np
import pytest
import trees

from fakeloc_tf.media.boxes import FaceBox
from pipelines.follow import FaceFollower

IMAGE = np.zeros((400, 600, 3), np.uint8)
LEFT = FaceBox(50, 100, 150, 200, 1.0)
RIGHT = FaceBox(350, 100, 470, 220, 1.0)


def mask_on(face):
    mask = np.zeros(IMAGE.shape[:2], np.uint8)
    mask[int(face.top) + 30 : int(face.bottom), int(face.left) : int(face.right)] = 255
    return mask


def follower(*found, of_a_side=()):
    detector = trees.BoxesDetector(*found, of_a_side=of_a_side)
    return FaceFollower(0.0, detector), detector


def test_without_a_mask_the_largest_face_is_taken():
    find, _ = follower(LEFT, RIGHT)
    assert find.find(IMAGE, None) == RIGHT


def test_the_masked_face_is_taken_though_it_is_smaller():
    find, _ = follower(RIGHT, LEFT)
    assert find.find(IMAGE, mask_on(LEFT)) == LEFT


def test_a_followed_face_is_looked_for_at_its_size():
    moved = FaceBox(54, 103, 154, 203, 1.0)
    find, detector = follower(LEFT, of_a_side=(RIGHT, moved))
    find.find(IMAGE, None)

    assert find.find(IMAGE, None) == moved
    assert detector.sides == [0, LEFT.width]


def test_a_face_lost_at_its_size_is_searched_at_all_sizes_near_its_place():
    moved = FaceBox(80, 100, 180, 200, 1.0)
    find, detector = follower(LEFT)
    find.find(IMAGE, None)
    detector.boxes = [RIGHT, moved]

    assert find.find(IMAGE, None) == moved


def test_another_face_is_taken_when_the_followed_one_is_gone():
    # Both hardly overlap the last box: the larger one counts.
    near = FaceBox(130, 180, 230, 280, 1.0)
    find, detector = follower(LEFT, of_a_side=(near, RIGHT))
    find.find(IMAGE, None)

    assert find.find(IMAGE, None) == RIGHT
    assert detector.sides == [0, LEFT.width]


def test_a_followed_face_without_the_mask_is_given_up():
    find, _ = follower(LEFT, RIGHT, of_a_side=(LEFT,))
    assert find.find(IMAGE, mask_on(LEFT)) == LEFT
    assert find.find(IMAGE, mask_on(RIGHT)) == RIGHT


@pytest.mark.parametrize("mask", [None, mask_on(LEFT)])
def test_no_face_is_none_and_does_not_lose_the_last_place(mask):
    find, detector = follower(LEFT)
    find.find(IMAGE, mask)
    detector.boxes = []
    assert find.find(IMAGE, mask) is None
    detector.boxes = [RIGHT, LEFT]
    assert find.find(IMAGE, mask) == LEFT


def test_a_new_video_starts_from_nothing():
    find, detector = follower(LEFT)
    find.find(IMAGE, None)
    find.start()
    detector.boxes = [LEFT, RIGHT]

    assert find.find(IMAGE, None) == RIGHT
    assert detector.sides == [0, 0]
