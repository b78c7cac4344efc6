"""Faces: dlib on the embedded portraits; the tracker on boxes that move."""

import pickle

import cv2
import dlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.faces import (
    DlibDetector,
    FaceBox,
    FaceTracker,
    iou,
)


@pytest.fixture(scope="module")
def portrait():
    return load_portraits(3)[0]


@pytest.fixture(scope="module")
def detector():
    return DlibDetector()


def landmark_box(portrait):
    """The box that the 68 points span."""
    (left, top), (right, bottom) = portrait.landmarks.min(0), portrait.landmarks.max(0)
    return FaceBox(left, top, right, bottom, 1.0)


def test_the_face_is_where_its_landmarks_are(portrait, detector):
    (face,) = detector.detect(portrait.image())

    # dlib's box holds half the forehead, the landmarks end at the brows: 0.6.
    assert iou(face, landmark_box(portrait)) > 0.5
    assert face.score > 0.3


def test_boxes_are_in_pixels_of_the_frame_whatever_its_size(portrait, detector):
    """A frame above the bound is shrunk for dlib; the box is not."""
    image = portrait.image()
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)

    (small_face,), (face,) = detector.detect(image), detector.detect(large)

    scaled = FaceBox(face.left / 4, face.top / 4, face.right / 4, face.bottom / 4, 1.0)
    assert iou(scaled, small_face) > 0.75


@pytest.mark.parametrize("size", [1.0, 1.3, 1.9, 3.1])
@pytest.mark.parametrize("side", [False, True])
def test_boxes_are_those_of_a_search_in_the_upsampled_frame(
    portrait, detector, size, side
):
    image = cv2.resize(
        portrait.image(), None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC
    )
    (box,), *_ = dlib.get_frontal_face_detector().run(image, 1, 0.1)
    expected = FaceBox(box.left(), box.top(), box.right() + 1, box.bottom() + 1, 1.0)

    (face,) = detector.detect(image, side=expected.width if side else 0.0)
    assert iou(face, expected) > 0.95


def test_a_face_far_below_the_side_that_is_looked_for_is_left_out(portrait, detector):
    image = portrait.image()
    (face,) = detector.detect(image)

    assert detector.detect(image, side=4 * face.width) == []


def test_a_small_face_is_found_at_the_second_look(portrait, detector):
    image = cv2.resize(
        portrait.image(), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA
    )
    one_look = DlibDetector(second_side=80)

    assert one_look.detect(image) == []
    assert len(detector.detect(image)) == 1


def nose_shift(portrait):
    """How far the nose is right of the middle of the eyes, in shares of their width."""
    nose, outer, inner = portrait.landmarks[[30, 36, 45], 0]
    return (nose - (outer + inner) / 2) / (inner - outer)


def test_the_pose_is_the_side_of_the_picture_that_the_nose_points_to(detector):
    portraits = sorted(load_portraits(), key=nose_shift)

    def pose(portrait, mirror=False):
        image = portrait.image()[:, ::-1] if mirror else portrait.image()
        return detector.detect(np.ascontiguousarray(image))[0].pose

    left, middle, right = portraits[:4], portraits[30:34], portraits[-4:]
    assert {pose(portrait) for portrait in left} <= {"left", "front"}
    assert {pose(portrait) for portrait in right} <= {"right", "front"}
    assert [pose(portrait) for portrait in middle] == ["front"] * 4
    (face,) = (p for p in portraits if p.identity == "C001126")
    assert (pose(face), pose(face, mirror=True)) == ("right", "left")


def test_a_head_that_leans_to_a_shoulder_is_tilted(detector):
    (portrait,) = (p for p in load_portraits() if p.identity == "M001206")
    image = portrait.image()
    turn = cv2.getRotationMatrix2D(detector.detect(image)[0].center, 20, 1)

    leaning = cv2.warpAffine(image, turn, image.shape[1::-1])
    assert detector.detect(leaning)[0].pose == "tilted"


def test_two_people_are_both_found_the_larger_first(detector):
    first, second = (p.image() for p in load_portraits(3)[:2])
    small = cv2.resize(second, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    frame = np.zeros((first.shape[0], first.shape[1] + small.shape[1], 3), np.uint8)
    frame[:, : first.shape[1]] = first
    frame[: small.shape[0], first.shape[1] :] = small

    faces = detector.detect(frame)

    assert len(faces) == 2
    assert faces[0].area > faces[1].area


def test_no_face_in_a_picture_without_one(detector):
    rng = np.random.default_rng(0)
    assert detector.detect(rng.integers(0, 256, (200, 300, 3), np.uint8)) == []


def test_a_detector_travels_to_workers_and_finds_the_same(portrait, detector):
    before = detector.detect(portrait.image())

    assert pickle.loads(pickle.dumps(detector)).detect(portrait.image()) == before


def test_wrong_input_is_refused(detector):
    with pytest.raises(ValueError, match="float32"):
        detector.detect(np.zeros((100, 100, 3), np.float32))
    with pytest.raises(ValueError, match="Received: 40"):
        DlibDetector(max_side=40)


def at(x: float, y: float = 0.0, side: float = 100.0) -> FaceBox:
    return FaceBox(x, y, x + side, y + side, 1.0)


def test_people_keep_their_ids_whatever_the_order_of_the_boxes():
    tracker = FaceTracker()

    assert tracker.update(0, [at(0), at(300)]) == [0, 1]
    assert tracker.update(1, [at(310), at(10)]) == [1, 0]


def test_crossing_faces_are_paired_by_the_best_sum():
    """Greedy by the first box would give it the other one's track."""
    tracker = FaceTracker(min_iou=0.1)
    tracker.update(0, [at(0), at(60)])

    # The box at 35 overlaps the track at 60 most (75 of 125), the box at 75 overlaps
    # only that one: the sum is largest with 35 -> 0 and 75 -> 1.
    assert tracker.update(1, [at(35), at(75)]) == [0, 1]


def test_a_face_that_comes_back_in_time_keeps_its_id_and_later_gets_a_new_one():
    tracker = FaceTracker(max_gap=5)

    assert tracker.update(0, [at(0)]) == [0]
    assert tracker.update(3, []) == []
    assert tracker.update(5, [at(0)]) == [0]
    assert tracker.update(11, [at(0)]) == [1]


def test_a_face_elsewhere_is_another_person():
    tracker = FaceTracker()
    tracker.update(0, [at(0)])

    assert tracker.update(1, [at(80)]) == [1]


@given(
    st.lists(
        st.lists(st.builds(at, st.floats(0, 500), st.floats(0, 300)), max_size=5),
        max_size=8,
    )
)
def test_no_two_faces_of_a_frame_share_an_id(frames):
    tracker = FaceTracker()
    seen = set()
    for index, faces in enumerate(frames):
        ids = tracker.update(index, faces)
        assert len(set(ids)) == len(ids) == len(faces)
        new = sorted(set(ids) - seen)
        assert new == list(range(len(seen), len(seen) + len(new)))
        seen |= set(ids)
