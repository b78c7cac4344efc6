"""`python -m pipelines.prepare` on a small FF++ tree, against the pixels themselves."""

import csv
import json

import numpy as np
import pytest
import tensorflow as tf
import trees

from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.data.records import SPLITS, decode
from fakeloc_tf.media.boxes import CropBox, crop
from fakeloc_tf.media.video import read_frames
from fakeloc_tf.noise import noise_uint8
from pipelines import prepare

SMALL = trees.SMALL


@pytest.fixture(scope="module")
def tree(ffpp_tree, tmp_path_factory):
    """The tree, with a folder of this module's own around it."""
    root = tmp_path_factory.mktemp("tree") / "tree"
    root.symlink_to(ffpp_tree)
    return root


@pytest.fixture(scope="module")
def prepared(tree):
    out = tree.parent / "records"
    assert prepare.main(["--input", str(tree), "--out", str(out), *SMALL]) == 0
    return out


def read(folder, split):
    files = sorted(folder.glob(f"{split}-*.tfrecord"))
    return [decode(r.numpy()) for r in tf.data.TFRecordDataset(files)]


@pytest.fixture(scope="module")
def faces(prepared):
    return {split: read(prepared, split) for split in SPLITS}


def rejections(folder):
    with (folder / "rejected.csv").open(newline="") as lines:
        return [tuple(row.values()) for row in csv.DictReader(lines)]


def test_every_split_has_its_person_and_no_other(faces):
    for split, person in trees.PEOPLE.items():
        assert {face.identities for face in faces[split]} == {(person,)}
        assert {face.split for face in faces[split]} == {split}
        expected = {f"pristine/{person}"} | {
            f"{m}/{person}_{person}" for m in ("Deepfakes", "Face2Face")
        }
        assert {face.video_id for face in faces[split]} == expected


def test_every_frame_is_a_record_or_a_line_of_the_list(prepared, faces):
    assert sorted(rejections(prepared)) == sorted(
        [("train", "pristine", "pristine/010", str(f), "no_face") for f in range(3)]
        + [
            ("train", "pristine", "pristine/011", "", "unreadable"),
            ("train", "pristine", "pristine/012", "", "unreadable"),
            ("", "pristine", "pristine/999", "", "not_in_splits"),
        ]
    )
    for split in SPLITS:
        assert len(faces[split]) == 3 * trees.FRAMES


def test_the_summary_counts_what_is_in_the_files(prepared, faces):
    info = json.loads((prepared / "dataset.json").read_text())

    for split in SPLITS:
        for index, method in enumerate(info["classes"]):
            count = sum(face.method == index for face in faces[split])
            assert info["counts"][split].get(method, 0) == count
        assert info["fakes_without_mask"][split] == trees.FRAMES
        people = {who for face in faces[split] for who in face.identities}
        assert info["people"][split] == sorted(people)
    assert info["classes"][:3] == ["pristine", "Deepfakes", "Face2Face"]
    assert dataset_info(prepared) == info


def test_crop_and_noise_are_those_of_the_frame(tree, faces):
    video = tree / "original_sequences/youtube/c23/videos" / "000.mp4"
    frames = dict(read_frames(video))
    reals = [face for face in faces["train"] if not face.label]

    assert len(reals) == trees.FRAMES
    for face in reals:
        box = CropBox(*(int(edge) for edge in face.crop_box))
        image = crop(frames[face.frame], box, 96)
        np.testing.assert_array_equal(face.image_uint8, image)
        np.testing.assert_array_equal(face.noise_uint8, noise_uint8(image, 5.0))
        assert not face.mask_uint8.any() and face.mask_valid


def test_the_crop_follows_the_face(faces):
    reals = [face for face in faces["train"] if not face.label]
    reals.sort(key=lambda face: face.frame)
    centres = [(face.crop_box[0] + face.crop_box[2]) / 2 for face in reals]

    # The picture moves by 30 pixels; dlib's boxes stand on a grid of a tenth of a face.
    assert centres[-1] - centres[0] == pytest.approx(30, abs=15)


def test_the_mask_lies_where_it_was_drawn(faces):
    for face in (f for f in faces["val"] if f.method == 1):
        left, top, right, bottom = face.crop_box
        # The block's edges in the frame, see `trees.mouth_mask`.
        image = trees.portraits()[trees.PEOPLE["val"]]
        height, width = image.shape[:2]
        scale = 96 / (right - left)
        rows = np.flatnonzero(face.mask_uint8.any(1))
        columns = np.flatnonzero(face.mask_uint8.any(0))
        found = (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)
        drawn = (height // 2 - top, height * 2 // 3 - top)
        drawn += (width // 3 - left, width * 2 // 3 - left)
        np.testing.assert_allclose(found, np.array(drawn) * scale, atol=2)
        assert face.mask_valid


def test_a_fake_without_mask_is_kept_and_flagged(faces):
    for face in (f for f in faces["test"] if f.method == 2):
        assert (face.label, face.mask_valid) == (1, False)


def test_the_same_input_gives_the_same_bytes(tree, prepared):
    again = tree.parent / "again"
    assert prepare.main(["--input", str(tree), "--out", str(again), *SMALL]) == 0

    names = sorted(path.name for path in prepared.iterdir())
    assert names == sorted(path.name for path in again.iterdir())
    assert "train-00000-of-00002.tfrecord" in names
    for name in names:
        assert (again / name).read_bytes() == (prepared / name).read_bytes(), name


def test_an_output_that_exists_is_kept_unless_told_otherwise(tree, prepared, capsys):
    before = (prepared / "dataset.json").read_bytes()

    assert prepare.main(["--input", str(tree), "--out", str(prepared), *SMALL]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (prepared / "dataset.json").read_bytes() == before


def test_a_quality_that_is_not_there_is_named_with_those_that_are(
    tree, tmp_path, capsys
):
    arguments = ["--input", str(tree), "--out", str(tmp_path / "out")]

    assert prepare.main([*arguments, "--quality", "c40"]) == 2
    message = capsys.readouterr().err
    assert "c40" in message and "c23" in message
    assert list(tmp_path.iterdir()) == []
