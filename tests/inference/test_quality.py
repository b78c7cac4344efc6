"""Warnings of faces: each limit, sharp portraits without, degraded ones with."""

import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.quality import (
    CODES,
    DEFAULT_LIMITS,
    Compression,
    QualityWarning,
    are_doubts,
    face_warnings,
    track_warnings,
)
from fakeloc_tf.media.boxes import CropBox, FaceBox, crop_box
from fakeloc_tf.media.faces import DlibDetector

UNKNOWN = Compression()


@pytest.fixture(scope="module")
def faces():
    """(uint8 [H, W, 3], its face) of twelve portraits."""
    find = DlibDetector()
    images = [portrait.image() for portrait in load_portraits(12)]
    return [(image, find.detect(image)[0]) for image in images]


def warnings_of(image, face, compression=UNKNOWN, **changes):
    square = crop_box(face, 1.3, *image.shape[:2])
    limits = replace(DEFAULT_LIMITS, **changes)
    return face_warnings(image, face, square, compression, limits)


def codes(image, face, compression=UNKNOWN, **changes):
    return [w.code for w in warnings_of(image, face, compression, **changes)]


def share(pairs, code):
    """Of the faces, those that get the warning."""
    return np.mean([code in codes(image, face) for image, face in pairs])


def resized(image, face, scale):
    changed = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = (scale * v for v in (face.left, face.top, face.right, face.bottom))
    return changed, FaceBox(*box, face.score, face.pose)


def test_portraits_as_they_are_get_hardly_a_warning(faces):
    assert np.mean([bool(codes(*pair)) for pair in faces]) <= 1 / 12


@pytest.mark.parametrize(
    ("code", "degrade"),
    [
        ("blurred", lambda image: cv2.GaussianBlur(image, (0, 0), 2.5)),
        ("dark", lambda image: (image * 0.3).astype(np.uint8)),
        ("overexposed", lambda image: np.clip(image * 2.5, 0, 255).astype(np.uint8)),
    ],
)
def test_degraded_portraits_get_the_warning(faces, code, degrade):
    assert share(faces, code) == 0
    assert share([(degrade(image), face) for image, face in faces], code) >= 0.9


def test_a_small_sharp_face_is_small_and_not_blurred(faces):
    image, face = resized(*faces[0], 55 / faces[0][1].width)

    assert codes(image, face) == ["small"]
    assert "below 64" in warnings_of(image, face)[0].text


def test_a_number_under_a_limit_is_not_shown_as_the_limit(faces):
    image, face = resized(*faces[0], 63.8 / faces[0][1].width)

    (warning,) = warnings_of(image, face)
    assert warning.text.startswith("The face is 63 pixels wide; below 64")


@pytest.mark.parametrize(
    ("compression", "words"),
    [
        (Compression(jpeg_quality=49), "quality 49; below 50"),
        (Compression(bits_per_pixel=0.0139), "0.013 bits a pixel; below 0.014"),
    ],
)
def test_strong_compression(faces, compression, words):
    (warning,) = warnings_of(*faces[0], compression)

    assert warning.code == "compressed"
    assert words in warning.text


def test_weak_or_unknown_compression(faces):
    assert codes(*faces[0], Compression(50, 0.014)) == []
    assert codes(*faces[0]) == []


def test_both_kinds_of_compression_make_one_warning(faces):
    assert codes(*faces[0], Compression(10, 0.001)) == ["compressed"]


def test_a_turned_face_needs_the_pose_and_a_picture_without_symmetry(faces):
    image, face = faces[0]
    side = replace(face, pose="left")

    assert codes(image, side) == []
    assert codes(image, side, symmetry=1.0) == ["turned"]
    assert codes(image, replace(face, pose="front"), symmetry=1.0) == []
    (warning,) = warnings_of(image, side, symmetry=1.0)
    assert "to the left of the picture" in warning.text
    (warning,) = warnings_of(image, replace(face, pose="tilted"), symmetry=1.0)
    assert "shoulder" in warning.text


def test_a_face_that_the_detector_is_not_sure_of(faces):
    image, face = faces[0]

    (warning,) = warnings_of(image, replace(face, score=0.899))
    assert warning.code == "unsure_face"
    assert "0.89; below 0.9" in warning.text
    assert not warning.doubt
    assert codes(image, replace(face, score=0.9)) == []
    (warning,) = warnings_of(image, replace(face, score=0.499))
    assert warning.doubt


def test_a_face_at_the_border_is_cut_off(faces):
    image, face = faces[0]
    cut = np.ascontiguousarray(image[:, round(face.left + 0.3 * face.width) :])
    moved = replace(face, left=-0.3 * face.width, right=0.7 * face.width)

    found = {w.code: w.text for w in warnings_of(cut, moved)}
    assert found["cut_off"].startswith("30% of the face")


def test_a_face_outside_of_the_picture_does_no_harm():
    image = np.zeros((60, 60, 3), np.uint8)
    face = FaceBox(-50, -50, -5, -5, 0.2)

    found = face_warnings(image, face, CropBox(0, 0, 58, 58), UNKNOWN)
    assert [w.code for w in found] == ["small", "unsure_face", "cut_off"]


def test_many_warnings_come_in_order_and_once_each():
    image = np.zeros((60, 60, 3), np.uint8)
    face = FaceBox(-10, 0, 40, 50, 0.2, "right")

    found = codes(image, face, Compression(10, 0.001))
    assert found == [code for code in CODES if code in found]
    assert len(found) == len(set(found)) >= 6


def warning(code, text="."):
    return QualityWarning(code, text)


def test_a_track_keeps_what_holds_for_most_frames():
    frames = [
        [warning("small", "30"), warning("dark")],
        [warning("small", "31")],
        [warning("small", "32"), warning("dark")],
        [],
    ]

    (kept,) = track_warnings(frames)
    assert kept == QualityWarning("small", "In 3 of 4 frames: 31")


def test_a_track_is_doubted_where_most_of_its_frames_are():
    doubted, told = warning("small"), QualityWarning("small", "50", doubt=False)
    assert track_warnings([[doubted], [doubted], [told]])[0].doubt
    assert not track_warnings([[doubted], [told], [told]])[0].doubt


def test_what_is_told_without_a_doubt_leaves_the_verdict():
    assert not are_doubts([QualityWarning("cut_off", "50 %", doubt=False)])
    assert are_doubts([warning("small")])


def test_tracks_without_frames_or_warnings():
    assert track_warnings([]) == []
    assert track_warnings([[], []]) == []


def test_warnings_of_a_track_are_in_order():
    frames = [[warning("dark"), warning("small")]]

    assert [w.code for w in track_warnings(frames)] == ["small", "dark"]


def test_worker_processes_do_not_load_tensorflow():
    code = (
        "import sys, fakeloc_tf.inference.quality; print('tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert run.stdout.strip() == b"False"
