"""`python -m pipelines.prepare` on a plain folder, and what it refuses."""

import json

import cv2
import numpy as np
import pytest
import tensorflow as tf
import trees

from fakeloc_tf.data.records import SPLITS, decode
from fakeloc_tf.media.images import read_image
from fakeloc_tf.media.video import write_video
from pipelines import prepare
from pipelines.splits import split_of_identity
from pipelines.work_folder import work_folder

CROPS = ("--crop", "none", "--set", "prepare.crop_size=96")


@pytest.fixture
def folder(tmp_path):
    return trees.make_folder(tmp_path / "set")


def run(folder, out, *extra):
    return prepare.main(["--input", str(folder), "--out", str(out), *CROPS, *extra])


def read(out):
    files = sorted(out.glob("*.tfrecord"))
    faces = [decode(r.numpy()) for r in tf.data.TFRecordDataset(files)]
    return {face.video_id: face for face in faces}


def refusal(folder, out, capsys, *extra):
    """The message of a run that must fail and must leave nothing behind."""
    before = sorted(out.parent.rglob("*"))
    assert run(folder, out, *extra) == 2
    assert sorted(out.parent.rglob("*")) == before
    return capsys.readouterr().err


def test_crops_are_taken_as_they_are_with_their_masks_and_splits(folder, tmp_path):
    assert run(folder, tmp_path / "out") == 0

    faces = read(tmp_path / "out")
    assert len(faces) == 6
    for split, person in trees.PEOPLE.items():
        real, fake = faces[f"real/{person}.png"], faces[f"fake/{person}.png"]
        assert (real.split, fake.split) == (split, split)
        assert (real.label, real.method, fake.label, fake.method) == (0, 0, 1, 1)
        np.testing.assert_array_equal(
            fake.image_uint8, read_image(folder / "fake" / f"{person}.png")
        )
        assert not real.mask_uint8.any()
        assert not fake.mask_uint8[:48].any() and fake.mask_uint8[48:].all()
    info = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert info["crop"] == "none" and info["classes"] == ["pristine", "fake"]


def test_faces_are_searched_in_pictures_without_the_option(tmp_path):
    root = tmp_path / "set"
    for person, image in trees.portraits().items():
        trees.write_png(root / "real" / f"{person}.png", image)
    trees.write_png(root / "real" / "wall.png", np.full((200, 200, 3), 128, np.uint8))
    arguments = ["--input", str(root), "--out", str(tmp_path / "out")]

    assert prepare.main([*arguments, "--set", "prepare.crop_size=96"]) == 0

    faces = read(tmp_path / "out")
    assert sorted(faces) == [f"real/{n}.png" for n in trees.PEOPLE.values()]
    assert all(face.face_score > 0.3 for face in faces.values())
    listed = (tmp_path / "out" / "rejected.csv").read_text()
    assert "real/wall.png,0,no_face" in listed


def test_without_a_list_the_split_is_the_hash_of_the_name(folder, tmp_path):
    (folder / "identities.csv").unlink()
    assert run(folder, tmp_path / "out") == 0

    for face in read(tmp_path / "out").values():
        assert face.split == split_of_identity(face.identities[0])


def test_hash_splits_have_about_their_shares():
    found = [split_of_identity(f"person {n}") for n in range(4000)]

    for split, share in zip(SPLITS, (0.70, 0.15, 0.15), strict=True):
        # Three standard deviations of 4000 draws.
        assert found.count(split) / 4000 == pytest.approx(share, abs=0.025)


def test_files_that_are_no_pictures_are_listed(folder, tmp_path):
    """Two of eight are not too many."""
    (folder / "real" / "notes.txt").write_text("hello")
    (folder / "real" / "empty.png").touch()
    (folder / "fake" / "text.jpg").write_text("hello")
    (folder / "real" / ".hidden").touch()
    assert run(folder, tmp_path / "out") == 0

    listed = (tmp_path / "out" / "rejected.csv").read_text().splitlines()[1:]
    by_file = {line.split(",")[2]: line.split(",")[-1] for line in listed}
    assert by_file == {
        "real/notes.txt": "unsupported",
        "real/empty.png": "unreadable",
        "fake/text.jpg": "unreadable",
    }


def test_interrupted_copies_are_listed_and_the_rest_goes_on(folder, tmp_path):
    """Half a file; one whose size was reserved; the name that a copy has before."""
    picture = read_image(folder / "real" / "000.png")
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    frames = np.random.default_rng(0).integers(0, 256, (20, 64, 64, 3), np.uint8)
    write_video(tmp_path / "whole.mp4", frames, fps=25)
    video = (tmp_path / "whole.mp4").read_bytes()
    for name, data in (("picture.jpg", jpeg), ("video.mp4", video)):
        half = len(data) // 2
        (folder / "real" / f"half_{name}").write_bytes(data[:half])
        reserved = data[:half] + bytes(len(data) - half)
        (folder / "real" / f"reserved_{name}").write_bytes(reserved)
        (folder / "real" / f"{name}.part").write_bytes(data[:half])
    assert run(folder, tmp_path / "out", "--set", "prepare.max_rejected=0.9") == 0

    listed = (tmp_path / "out" / "rejected.csv").read_text().splitlines()[1:]
    assert {line.split(",")[2]: line.split(",")[-1] for line in listed} == {
        "real/half_picture.jpg": "unreadable",
        "real/reserved_picture.jpg": "unreadable",
        "real/picture.jpg.part": "unsupported",
        "real/half_video.mp4": "unreadable",
        "real/reserved_video.mp4": "unreadable",
        "real/video.mp4.part": "unsupported",
    }
    assert len(read(tmp_path / "out")) == 6


def test_a_person_in_two_splits_is_refused_by_name(folder, tmp_path, capsys):
    table = folder / "identities.csv"
    table.write_text(table.read_text().replace("fake/001.png,001", "fake/001.png,000"))

    message = refusal(folder, tmp_path / "out", capsys)
    assert "000 (train, val)" in message


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,who\na,b\n", "no column file, identity"),
        ("file,identity,split\nreal/000.png,a,dev\n", "line 2: split must be one of"),
        ("file,identity\nreal/000.png,\n", "line 2: no identity"),
    ],
)
def test_a_wrong_list_of_people_is_refused(folder, tmp_path, capsys, table, words):
    (folder / "identities.csv").write_text(table)

    message = refusal(folder, tmp_path / "out", capsys)
    assert words in message and "identities.csv" in message


def test_wrong_inputs_are_refused_by_name(folder, tmp_path, capsys):
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    (tmp_path / "none" / "real").mkdir(parents=True)

    assert "gone does not exist" in refusal(tmp_path / "gone", out, capsys)
    assert "no known layout" in refusal(tmp_path / "empty", out, capsys)
    assert "no videos or pictures" in refusal(tmp_path / "none", out, capsys)
    unknown = refusal(folder, out, capsys, "--set", "prepare.crop_sise=96")
    assert "`prepare.crop_sise`" in unknown and "`prepare.crop_size`" in unknown


def test_too_many_rejects_fail_the_run_until_they_are_accepted(
    folder, tmp_path, capsys
):
    for number in range(3):
        (folder / "real" / f"empty{number}.png").touch()
    out, unfinished = tmp_path / "out", tmp_path / "out.partial"
    bound = ("--set", "prepare.max_rejected=0.3")

    assert run(folder, out, *bound) == 2
    message = capsys.readouterr().err
    # Three of nine files.
    assert "33% of the wanted frames of the data set" in message
    assert str(unfinished / "rejected.csv") in message
    assert (unfinished / "rejected.csv").is_file() and not out.exists()

    assert run(folder, out, "--set", "prepare.max_rejected=0.4") == 0
    assert not unfinished.exists()


def test_a_video_that_loses_too_much_fails_the_run(folder, tmp_path, capsys):
    (folder / "real" / "empty.png").touch()

    assert run(folder, tmp_path / "out", "--set", "prepare.max_rejected_video=0.9") == 2
    assert "100% of the wanted frames of real/empty.png" in capsys.readouterr().err


def test_an_output_that_cannot_be_made_is_named(folder, tmp_path, capsys):
    (tmp_path / "file").touch()

    message = refusal(folder, tmp_path / "file" / "out", capsys)
    assert "out.partial cannot be made" in message


def test_two_preparations_at_once_do_not_mix(folder, tmp_path, capsys):
    out = tmp_path / "out"
    with pytest.raises(ZeroDivisionError), work_folder(out, {}):
        assert run(folder, out) == 2
        assert "another process is preparing" in capsys.readouterr().err
        raise ZeroDivisionError


def test_a_mistyped_option_is_refused_and_not_left_to_beam(folder, tmp_path, capsys):
    message = refusal(folder, tmp_path / "out", capsys, "--qualty", "c40")
    assert "unknown option --qualty" in message


def test_only_records_are_replaced(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(folder, out) == 0
    assert "--overwrite" in refusal(folder, out, capsys)
    assert run(folder, out, "--overwrite") == 0

    taken = refusal(folder, folder, capsys, "--overwrite")
    assert "no folder of records" in taken
