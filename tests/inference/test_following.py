"""Faces through a video: ids that stay, and no more full looks than needed."""

from doubles import box, gradient

from fakeloc_tf.inference.following import FaceFollower


class Scripted:
    """A face detector that finds what the script says, and notes how it was asked."""

    def __init__(self, **frames):
        self.frames = frames
        self.asked = []
        self.at = 0

    def detect(self, image_uint8, side=0.0):
        self.asked.append((self.at, bool(side)))
        faces = self.frames.get(f"f{self.at}", self.frames["default"])
        return [face for face in faces if not side or face.width >= 0.8 * side]


def follow(detector, frames, step=5, fps=20.0, min_side=40):
    follower, found = FaceFollower(detector, step, fps), []
    for at in range(0, frames * step, step):
        detector.at = at
        found.append(follower.find(at, gradient(), min_side))
    return found


def test_all_sizes_are_searched_once_a_second_only():
    detector = Scripted(default=[box(10, 10, 60)])
    follow(detector, 9)
    full = [at for at, sided in detector.asked if not sided]
    assert full == [0, 20, 40]
    assert len(detector.asked) == 9


def test_a_lost_face_is_searched_everywhere_in_the_same_frame():
    detector = Scripted(default=[box(10, 10, 60)], f10=[box(20, 20, 41)])
    found = follow(detector, 4)
    assert detector.asked[2:4] == [(10, True), (10, False)]
    assert [len(faces) for faces, _, _ in found] == [1, 1, 1, 1]


def test_two_people_keep_their_ids_in_changing_order():
    detector = Scripted(
        default=[box(10, 30, 48), box(100, 40, 48)],
        f5=[box(98, 40, 48), box(12, 30, 48)],
    )
    found = follow(detector, 3)
    left = [
        dict(zip([face.left < 50 for face in faces], ids, strict=True))
        for faces, ids, _ in found
    ]
    assert left[0] == left[1] == left[2]


def test_a_new_face_is_found_at_the_next_full_look():
    detector = Scripted(default=[box(10, 10, 60)])
    small = [box(10, 10, 60), box(90, 60, 42)]
    for at in (10, 15, 20, 25):
        detector.frames[f"f{at}"] = small
    found = follow(detector, 6)
    # At 10 and 15 only faces of the known size are looked for.
    assert [len(ids) for _, ids, _ in found] == [1, 1, 1, 1, 2, 2]


def test_small_faces_are_counted_and_get_no_track():
    found = follow(Scripted(default=[box(20, 20, 20)]), 2)
    assert found == [([], [], 1), ([], [], 1)]


def test_small_faces_are_counted_between_full_looks_too():
    found = follow(Scripted(default=[box(10, 10, 60), box(90, 60, 20)]), 6)
    assert [(len(ids), small) for _, ids, small in found] == [(1, 1)] * 6


def test_faces_of_two_sizes_need_no_full_look():
    detector = Scripted(default=[box(10, 10, 80), box(100, 60, 42)])
    found = follow(detector, 4)
    assert [at for at, sided in detector.asked if not sided] == [0]
    assert [len(ids) for _, ids, _ in found] == [2, 2, 2, 2]


def test_a_person_keeps_the_id_over_few_samples_and_a_missed_one():
    """One frame in two seconds: farther apart than a face may be away."""
    detector = Scripted(default=[box(10, 10, 60)], f40=[])
    found = follow(detector, 4, step=40)
    assert [ids for _, ids, _ in found] == [[0], [], [0], [0]]


def test_a_face_that_moves_by_half_its_width_is_the_same_person():
    detector = Scripted(
        default=[box(10, 10, 60)], f5=[box(40, 10, 60)], f10=[box(70, 10, 60)]
    )
    assert [ids for _, ids, _ in follow(detector, 3)] == [[0], [0], [0]]
