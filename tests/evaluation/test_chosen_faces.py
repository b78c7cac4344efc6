"""Which faces are shown: by person's number, a face a method."""

import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf.data import records
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.evaluation.chosen_faces import faces_at, first_faces, first_positions


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
    assert first_positions(faces, 2, 5) == [[1, 4], [0, 3]]
    assert first_positions(faces, 2, 1) == [[1, 4]]


def test_where_nobody_has_every_method_a_row_is_the_nth_of_each():
    faces = [("b", 0), ("a", 0), ("d", 1), ("c", 0)]
    assert first_positions(faces, 2, 2) == [[1, 2], [0]]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "records"
    return RecordSource(synthetic.write_records(folder, {"test": 8}), "test")


def test_faces_are_those_at_the_positions(source):
    found = faces_at(source, [5, 2, 5])
    assert sorted(found) == [2, 5]
    for position, face in found.items():
        wanted = synthetic.synthetic_face(position, "test", 72)
        np.testing.assert_array_equal(face["image"], wanted.image_uint8)
        assert int(face["frame"]) == position
    assert faces_at(source, []) == {}


def test_only_faces_that_are_shown_are_decoded(tmp_path):
    broken = b"\x89PNG and no more"
    shown = synthetic.write_records(tmp_path, {"test": 8})
    path = shown / "test-00000-of-00001.tfrecord"
    lines = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    first = {0, 1}  # of the first person: pristine, and the only fake
    with tf.io.TFRecordWriter(str(path)) as writer:
        for index, line in enumerate(lines):
            example = tf.train.Example.FromString(line)
            feature = example.features.feature
            if index not in first:
                feature["image/encoded"].bytes_list.value[0] = broken
            feature["method"].int64_list.value[0] = index % 2
            writer.write(example.SerializeToString())
    source = RecordSource(shown, "test")
    (row,) = first_faces(source, 2, 1)
    assert [int(face["frame"]) for face in row] == [0, 1]
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(source.written().map(lambda item, _: records.parse(item)["image"]))
