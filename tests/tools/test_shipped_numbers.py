"""Figures of the shipped detector against hand cases; goals."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from shipped_files import file_figures, per_video
from shipped_goals import GOALS, MET, MISSED, UNKNOWN, outcomes
from shipped_groups import by_part, by_size, by_strength, read_pairs
from shipped_numbers import face_figures, share

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo


def made_rows(scores, labels, marked):
    """A face a video; of a fake half of what is marked is right."""
    count = len(scores)
    label, predicted = np.array(labels), np.array(marked) * 100
    return pd.DataFrame(
        {
            "dataset": "d",
            "video_id": [f"{'rf'[one]}{i}.jpg" for i, one in enumerate(labels)],
            "method": np.where(label == 1, "fake", "pristine"),
            "frame": np.arange(count),
            "label": label,
            "probability": np.array(scores, np.float64),
            "mask_valid": True,
            "pixels": 100,
            "true_pixels": label * 40,
            "predicted_fraction": np.array(marked, np.float64),
            "intersection": label * predicted / 2,
            "union": label * 40 + predicted - label * predicted / 2,
            "pixel_auc": np.where(label == 1, 0.9, np.nan),
        }
    )


ROWS = made_rows(
    scores=[0.1, 0.2, 0.3, 0.8, 0.7, 0.9, 0.4, 0.6],
    labels=[0, 0, 0, 0, 1, 1, 1, 1],
    # One real face is right at the 5 % from which a mask is not empty.
    marked=[0.0, 0.04, 0.05, 0.3, 0.4, 0.4, 0.4, 0.4],
)


def test_figures_of_faces_are_those_of_the_hand():
    found = face_figures(ROWS, 0.5)
    value = {name: one["value"] for name, one in found.items()}
    assert value["empty_mask_share_reals"] == 2 / 4
    assert value["false_positive_rate"] == 1 / 4
    assert value["true_positive_rate"] == 3 / 4
    # Of 16 pairs, the real face at 0.8 is above three fakes.
    assert value["auc"] == 13 / 16
    # 20 pixels of 60 in each fake.
    assert value["iou_image_fakes"] == pytest.approx(1 / 3)
    assert value["pixel_auc_image_fakes"] == pytest.approx(0.9)
    right = [0.1, 0.2, 0.3, 0.8, 0.3, 0.1, 0.6, 0.4]  # each face is alone in its bin
    assert value["ece"] == pytest.approx(np.mean(right))
    for name in ("auc", "empty_mask_share_reals", "false_positive_rate"):
        assert found[name]["low"] < value[name] < found[name]["high"]


def test_the_threshold_itself_is_called_manipulated():
    assert face_figures(ROWS, 0.8)["false_positive_rate"]["value"] == 1 / 4
    assert face_figures(ROWS, 0.81)["false_positive_rate"]["value"] == 0


def test_a_rate_of_nothing_has_an_interval_of_videos_not_of_frames():
    twice = pd.concat([ROWS, ROWS.assign(frame=100)])
    found = face_figures(twice, 0.95)["false_positive_rate"]
    assert found["value"] == 0
    assert found["high"] == pytest.approx(
        binomtest(0, 4).proportion_ci(method="exact").high
    )


@pytest.mark.parametrize(("count", "of"), [(0, 17), (1, 17), (9, 51), (17, 17)])
def test_shares_have_clopper_pearson_intervals(count, of):
    found = share(count, of)
    exact = binomtest(count, of).proportion_ci(0.95, method="exact")
    assert (found["low"], found["high"]) == pytest.approx((exact.low, exact.high))
    assert (found["value"], found["count"], found["of"]) == (count / of, count, of)


def test_a_share_of_nothing_is_not_known():
    assert share(0, 0) == dict.fromkeys(("value", "low", "high")) | {
        "count": 0,
        "of": 0,
    }
    with pytest.raises(ValueError, match="3 of 2"):
        share(3, 2)


def write_pairs(path, rows, sides):
    lines = ["fake,real,mask,dfdc_part,native_w,native_h,mask_area"]
    names = rows["video_id"].tolist()
    for number, side in enumerate(sides):
        real, fake = names[number % 4], names[4 + number % 4]
        share_, part = (0.1, 0.4, 0.6, 0.6)[number], (3, 25, 34, 24)[number]
        lines.append(f"{fake},{real},x.png,{part},{side},{side},{share_}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def grouped(tmp_path):
    """ROWS with the names that records have, four times as many, and their pairs."""
    pairs = read_pairs(write_pairs(tmp_path / "p.csv", ROWS, (185, 223, 321, 199)))
    folder = np.where(ROWS["label"] == 1, "fake/", "real/")
    rows = ROWS.assign(video_id=folder + ROWS["video_id"])
    many = [rows.assign(frame=number) for number in range(10)]
    return pd.concat(many, ignore_index=True), pairs


def test_faces_are_grouped_by_the_size_they_had(grouped):
    groups = by_size(*grouped, 0.5)
    assert [(g["group"], g["reals"], g["fakes"]) for g in groups] == [
        ("below 200", 20, 20),
        ("200 to 260", 10, 10),
        ("from 260 on", 10, 10),
    ]
    # The real faces of the first group score 0.1 and 0.8, its fakes 0.7 and 0.6.
    assert groups[0]["figures"]["false_positive_rate"]["value"] == 0.5


def test_fakes_are_grouped_by_strength_against_all_reals(grouped):
    groups = by_strength(*grouped, 0.5)
    assert [(g["reals"], g["fakes"]) for g in groups] == [(40, 10), (40, 10), (40, 20)]
    assert groups[1]["figures"]["true_positive_rate"]["value"] == 1  # the one at 0.9


def test_a_group_of_few_has_no_figures(grouped):
    rows, pairs = grouped
    few = rows[rows["frame"] < 5]
    assert [g["figures"] for g in by_size(few, pairs, 0.5)][1:] == [{}, {}]


def test_parts_are_those_of_the_table(grouped):
    (group,) = by_part(*grouped, range(25, 35), 0.5)
    assert (group["group"], group["reals"], group["fakes"]) == ("25 to 34", 20, 20)
    assert by_part(*grouped, range(5, 9), 0.5) == []


def test_a_face_that_the_table_lacks_is_named(grouped):
    rows, pairs = grouped
    del pairs["fake/f5.jpg"]
    with pytest.raises(FakelocError, match=r"fake/f5\.jpg"):
        by_size(rows, pairs, 0.5)


class OfThreshold:
    """All that `file_figures` asks a detector."""

    info = ModelInfo(
        **dict.fromkeys(("name", "preset", "trained_on", "config_sha256"), "x"),
        **{"image_size": 64, "crop_size": 72, "margin": 1.3, "sigma": 5.0},
        **{"classes": ("pristine", "fake"), "five_way": False},
        **{"gamma": (0.1, 0.2, 0.7), "threshold": 0.5, "threshold_source": "x"},
    )


FILES = [
    {
        "path": "somebody.mp4",
        "status": "ok",
        "verdict": "likely_manipulated",
        "probability": 0.9,
        "frames_scored": 3,
        "frames": [
            {"faces": [{"probability": 0.9, "verdict": "likely_manipulated"}]},
            {"faces": []},
            # A doubt: the score is high, the answer is not sure.
            {"faces": [{"probability": 0.7, "verdict": "not_sure"}] * 2},
        ],
    },
    {
        "path": "a.jpg",
        "status": "ok",
        "verdict": "likely_real",
        "probability": 0.1,
        "faces": [{"probability": 0.1, "verdict": "likely_real"}],
    },
    {"path": "b.mp4", "status": "no_face", "frames_scored": 2, "frames": []},
]


def test_files_and_their_faces_are_counted():
    found = file_figures(FILES, OfThreshold())
    counts = {name: (s["count"], s["of"]) for name, s in found["answers"].items()}
    # The file without a face got no answer.
    assert counts["likely_manipulated"] == counts["likely_real"] == (1, 2)
    faces = {name: (s["count"], s["of"]) for name, s in found["faces"].items()}
    assert faces["likely_manipulated"] == (1, 4)
    assert faces["not_sure"] == (2, 4)
    assert found["faces_at_threshold"]["count"] == 3
    assert (found["files"], found["status"]) == (3, {"ok": 2, "no_face": 1})


def test_videos_are_numbered_not_named():
    videos = per_video(FILES)
    assert [v["video"] for v in videos] == [1, 2, 3]
    assert (videos[0]["faces"], videos[0]["faces_called_manipulated"]) == (3, 1)
    assert videos[2]["verdict"] is None
    assert "somebody" not in json.dumps(videos)


def figures_at(values):
    """figures.json with only what goals are of."""
    figures = {}
    for goal, value in zip(GOALS, values, strict=True):
        inner = figures
        for key in goal.at[:-1]:
            inner = inner.setdefault(key, {})
        inner[goal.at[-1]] = {"value": value, "low": value - 0.01, "high": value + 0.02}
    return figures


def test_goals_at_their_bounds_are_met():
    found = outcomes(figures_at([goal.bound for goal in GOALS]))
    assert [one.said for one in found] == [MET] * len(GOALS)
    assert not any(one.certain for one in found)


def test_goals_beyond_their_bounds_are_not_met():
    worse = [goal.bound + (-0.1 if goal.least else 0.1) for goal in GOALS]
    found = outcomes(figures_at(worse))
    assert [one.said for one in found] == [MISSED] * len(GOALS)
    assert all(one.certain for one in found)


def test_a_goal_without_a_figure_is_not_measured():
    figures = figures_at([0.9] * len(GOALS)) | {"videos_real": None}
    assert outcomes(figures)[-1].said == UNKNOWN
