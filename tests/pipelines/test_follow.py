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


def follower(whole, near=()):
    whole, near = trees.BoxesDetector(*whole), trees.BoxesDetector(*near)
    return FaceFollower(0.0, whole=whole, near=near), whole, near


def test_without_a_mask_the_largest_face_is_taken():
    find, *_ = follower([LEFT, RIGHT])
    assert find.find(IMAGE, None) == RIGHT


def test_the_masked_face_is_taken_though_it_is_smaller():
    find, *_ = follower([RIGHT, LEFT])
    assert find.find(IMAGE, mask_on(LEFT)) == LEFT


def test_a_followed_face_is_searched_in_a_window_and_found_in_the_frame():
    # The window reaches a face's width around the last centre: it starts at (0, 50).
    find, whole, near = follower([LEFT], [FaceBox(54, 53, 154, 153, 1.0)])
    find.find(IMAGE, None)

    assert find.find(IMAGE, None) == FaceBox(54, 103, 154, 203, 1.0)
    assert near.shapes == [(200, 200, 3)]
    assert len(whole.shapes) == 1


def test_a_face_lost_in_the_window_is_searched_in_the_frame_near_its_place():
    moved = FaceBox(80, 100, 180, 200, 1.0)
    find, whole, _ = follower([LEFT])
    find.find(IMAGE, None)
    whole.boxes = [RIGHT, moved]

    assert find.find(IMAGE, None) == moved


def test_another_face_in_the_window_is_not_taken_for_the_followed_one():
    # At the window's corner: it hardly overlaps the last box.
    find, whole, _ = follower([LEFT], [FaceBox(130, 130, 200, 200, 1.0)])
    find.find(IMAGE, None)
    find.find(IMAGE, None)

    assert len(whole.shapes) == 2


def test_a_followed_face_without_the_mask_is_given_up():
    find, *_ = follower([LEFT, RIGHT], [FaceBox(50, 50, 150, 150, 1.0)])
    assert find.find(IMAGE, mask_on(LEFT)) == LEFT
    assert find.find(IMAGE, mask_on(RIGHT)) == RIGHT


@pytest.mark.parametrize("mask", [None, mask_on(LEFT)])
def test_no_face_is_none_and_does_not_lose_the_last_place(mask):
    find, whole, _ = follower([LEFT])
    find.find(IMAGE, mask)
    whole.boxes = []
    assert find.find(IMAGE, mask) is None
    whole.boxes = [RIGHT, LEFT]
    assert find.find(IMAGE, mask) == LEFT


def test_a_new_video_starts_from_nothing():
    find, whole, near = follower([LEFT])
    find.find(IMAGE, None)
    find.start()
    whole.boxes = [LEFT, RIGHT]

    assert find.find(IMAGE, None) == RIGHT
    assert near.shapes == []
