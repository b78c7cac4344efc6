"""The row of a file: which faces decide, by which thresholds, what is said besides."""

from pathlib import Path

import numpy as np
import pytest
from doubles import box, make_info

from fakeloc_tf.inference.detector import FaceScores
from fakeloc_tf.inference.file_rows import MAX_TRACKS, FileRow
from fakeloc_tf.inference.finding import FileFacts, FoundFace, FoundFrame
from fakeloc_tf.inference.inputs import InputFile
from fakeloc_tf.inference.quality import QualityWarning
from fakeloc_tf.media.boxes import crop_box

DOUBT = (QualityWarning("small", "The face is small."),)
HINT = (QualityWarning("dark", "The face is dark.", doubt=False),)
VIDEO = {"fps": 4.0, "seconds": 10.0}


def found_face(track=None, warnings=()):
    at = box(40, 30, 60)
    return FoundFace(at, crop_box(at, 1.3, 120, 160), np.zeros(0), warnings, track)


def finish(frames, kind="video", facts=VIDEO, to_come=0, **info):
    """The row of frames: lists of (probability, track) or (…, warnings) each."""
    name = "v.mp4" if kind == "video" else "p.jpg"
    row = FileRow(InputFile(Path(name), kind, "x"), make_info(**info), None)
    row.set_facts(FileFacts(dict(facts), to_come or len(frames)))
    for index, faces in enumerate(frames):
        scores = np.array([face[0] for face in faces], np.float32)
        maps = np.zeros((len(faces), 2, 2), np.float32)
        made = tuple(found_face(*face[1:]) for face in faces)
        found = FoundFrame(index, 0.25 * index, made, 0)
        row.add(found, FaceScores(scores, maps, None) if faces else None)
    return row.finish()


def test_one_manipulated_face_of_a_picture_decides():
    frames = [[(0.1, None), (0.9, None), (0.2, None)]]
    row, shown = finish(frames, "image", {})
    assert (row["probability"], row["verdict"]) == (0.9, "likely_manipulated")
    assert [(s.name, s.face) for s in shown] == [("x@0", 0), ("x@1", 1), ("x@2", 2)]


def test_a_doubted_face_leaves_a_picture_not_sure_unless_another_decides():
    real, doubted = (0.1, None), (0.95, None, DOUBT)
    assert finish([[real, doubted]], "image", {})[0]["verdict"] == "not_sure"
    fake = (0.9, None)
    row, _ = finish([[real, doubted, fake]], "image", {})
    assert row["verdict"] == "likely_manipulated"
    hinted = (0.1, None, HINT)
    assert finish([[hinted]], "image", {})[0]["verdict"] == "likely_real"


def test_a_track_of_two_frames_does_not_decide_over_a_video():
    frames = [[(0.2, 0), (0.99, 1)], [(0.2, 0), (0.99, 1)], [(0.2, 0)]]
    row, _ = finish(frames)
    assert (row["probability"], row["verdict"]) == (0.2, "likely_real")
    assert [t["verdict"] for t in row["tracks"]] == [
        "likely_real",
        "likely_manipulated",
    ]


def test_the_highest_track_decides_wherever_it_stands():
    frames = [[(0.2, 0), (0.9, 1), (0.3, 2)]] * 3
    row, shown = finish(frames)
    assert (row["probability"], row["verdict"]) == (0.9, "likely_manipulated")
    # The faces to show are those of each track, by their place in the frame.
    assert [(s.name, s.face) for s in shown] == [
        ("x@1-000000", 1),
        ("x@2-000000", 2),
        ("x@0-000000", 0),
    ]


def test_a_video_has_thresholds_and_an_aggregation_of_its_own():
    frames = [[(p, 0)] for p in (0.1, 0.1, 0.1, 0.1, 0.9, 0.9)]
    changes = {"video_threshold": 0.8, "video_real_threshold": 0.2}
    row, _ = finish(frames, aggregation="highest_quarter", **changes)
    assert row["aggregation"] == "highest_quarter"
    assert (row["probability"], row["verdict"]) == (0.9, "likely_manipulated")
    row, _ = finish(frames, aggregation="median", **changes)
    assert (row["probability"], row["verdict"]) == (0.1, "likely_real")
    # 0.6 is a fake face's score, and between the thresholds of videos.
    row, _ = finish([[(0.6, 0)]] * 3, **changes)
    assert row["verdict"] == "not_sure"
    assert row["frames"][0]["faces"][0]["verdict"] == "likely_manipulated"
    # Seconds are of frames, and so by the threshold of faces.
    assert row["tracks"][0]["manipulated_seconds"] == [(0.0, 0.625)]


def test_a_track_is_doubted_where_most_of_its_frames_are():
    frames = [[(0.9, 0, DOUBT)], [(0.9, 0, DOUBT)], [(0.9, 0)]]
    assert finish(frames)[0]["verdict"] == "not_sure"
    frames[1] = [(0.9, 0)]
    row, _ = finish(frames)
    assert row["verdict"] == "likely_manipulated"
    assert row["frames"][0]["faces"][0]["verdict"] == "not_sure"


def test_of_many_tracks_the_highest_are_shown():
    frames = [[(0.05 * n, n) for n in range(MAX_TRACKS + 2)]] * 3
    row, shown = finish(frames)
    assert len(row["tracks"]) == MAX_TRACKS + 2
    assert {s.face for s in shown} == set(range(2, MAX_TRACKS + 2))


def test_frames_that_could_not_be_read_are_counted():
    row, _ = finish([[(0.1, 0)]] * 3, to_come=5)
    assert row["frames_scored"] == 3
    assert row["note"] == "2 of the frames to score could not be read"
    assert "note" not in finish([[(0.1, 0)]] * 3)[0]


def test_a_note_is_said_once_and_without_the_path():
    facts = VIDEO | {"notes": ["v.mp4 is damaged", "odd", "v.mp4 is damaged"]}
    assert finish([[]], facts=facts)[0]["note"] == "is damaged; odd"


@pytest.mark.parametrize(("too_small", "status"), [(0, "no_face"), (1, "too_small")])
def test_without_a_face_there_is_no_verdict(too_small, status):
    row = FileRow(InputFile(Path("p.jpg"), "image", "x"), make_info(), None)
    row.add(FoundFrame(0, 0.0, (), too_small), None)
    got, shown = row.finish()
    assert (got["status"], got["faces"], shown) == (status, [], [])
    assert "verdict" not in got and "probability" not in got


def test_progress_is_the_share_of_the_frames():
    row = FileRow(InputFile(Path("v.mp4"), "video", "x"), make_info(), None)
    assert row.share == 0
    row.set_facts(FileFacts(VIDEO, 4))
    row.set_facts(FileFacts({"notes": []}))
    row.add(FoundFrame(0, 0.0, (), 0), None)
    assert row.share == 0.25


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_score_that_rounds_to_one_is_below_a_threshold_near_one(kind):
    below, limit = 0.9999997, 0.99999994
    faces = [(below, 0 if kind == "video" else None)]
    row, _ = finish([faces] * (3 if kind == "video" else 1), kind, threshold=limit)
    assert row["probability"] == 1.0
    assert row["verdict"] == "likely_real"


def test_the_mean_of_logits_is_that_of_scores_that_are_not_rounded():
    """As in the calibration: rounded to 1 a frame would count for far more."""
    scores = [1 - 4e-7, 0.5, 0.5]
    row, _ = finish([[(p, 0)] for p in scores], aggregation="logit_mean")
    wanted = 1 / (1 + np.exp(-np.log(np.float32(1 - 4e-7) / 4e-7) / 3))
    assert row["probability"] == pytest.approx(wanted, abs=2e-3)
    rounded = 1 / (1 + np.exp(-np.log(2**23) / 3))
    assert abs(row["probability"] - rounded) > 1e-3
