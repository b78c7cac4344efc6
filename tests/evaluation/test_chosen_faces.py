"""Which faces are shown: by person's number, a face a method."""

import tensorflow as tf

from fakeloc_tf.evaluation.chosen_faces import first_faces


def chosen(faces, methods, people):
    names, kinds = zip(*faces, strict=True)
    data = tf.data.Dataset.from_tensor_slices(
        {"video_id": list(names), "method": list(kinds), "number": range(len(faces))}
    )
    return [
        [int(face["number"]) for face in row]
        for row in first_faces(data, methods, people)
    ]


def test_a_row_a_person_who_has_every_method():
    faces = [
        ("youtube/007", 0),
        ("youtube/003", 0),
        ("youtube/001", 0),  # has no fake
        ("Deepfakes/007_003", 1),
        ("Deepfakes/003_007", 1),
        ("Deepfakes/003_009", 1),  # not the first one
        ("youtube/003", 0),
    ]
    assert chosen(faces, 2, 5) == [[1, 4], [0, 3]]
    assert chosen(faces, 2, 1) == [[1, 4]]


def test_where_nobody_has_every_method_a_row_is_the_nth_of_each():
    faces = [("b", 0), ("a", 0), ("d", 1), ("c", 0)]
    assert chosen(faces, 2, 2) == [[1, 2], [0]]
