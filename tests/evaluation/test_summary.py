"""Summaries of predictions: hand-computed cases, and `metrics` as the reference."""

import numpy as np
import pandas as pd
import pytest

from fakeloc_tf import metrics
from fakeloc_tf.evaluation.summary import (
    by_video,
    localization_metrics,
    method_table,
    summarise,
)
from fakeloc_tf.evaluation.tables import markdown


def face(label, probability, **more):
    row = {"dataset": "d", "video_id": "1", "frame": 0, "label": label}
    row |= {"method": "swap" if label else "pristine", "probability": probability}
    row |= {"mask_valid": True, "pixels": 100, "intersection": 0, "union": 0}
    row |= {"fixed_intersection": 0, "fixed_union": 40, "pbca": 1.0, "iinc": 0.0}
    row |= {"iou": 1.0, "fixed_iou": 0.0}
    return row | more


def overlap(both, either, fixed_both, fixed_either):
    areas = {"intersection": both, "union": either, "iou": both / either}
    areas |= {"fixed_intersection": fixed_both, "fixed_union": fixed_either}
    return areas | {"fixed_iou": fixed_both / fixed_either}


def test_videos_of_one_name_stay_apart():
    rows = pd.DataFrame(
        [
            face(0, 0.2),
            face(0, 0.4, frame=1),
            face(1, 0.9),
            face(1, 0.7, method="warp"),
            face(0, 0.6, dataset="e"),
        ]
    )
    videos = by_video(rows)
    assert len(videos) == 4
    pristine = videos[(videos["label"] == 0) & (videos["dataset"] == "d")]
    assert pristine["probability"].item() == pytest.approx(0.3)
    assert pristine["frames"].item() == 2


def test_every_iou_convention_by_hand():
    rows = pd.DataFrame(
        [
            face(1, 0.9, **overlap(10, 40, 20, 40)),
            face(1, 0.9, **overlap(30, 40, 30, 60)),
            face(0, 0.1),
            face(0, 0.1, union=20, iou=0.0),
            face(1, 0.9, mask_valid=False, iou=np.nan, intersection=99, union=99),
        ]
    )
    result = localization_metrics(rows)
    assert result["iou_image_fakes"] == pytest.approx((0.25 + 0.75) / 2)
    assert result["iou_image_all"] == pytest.approx((0.25 + 0.75 + 1 + 0) / 4)
    assert result["iou_pooled"] == pytest.approx(40 / 100)
    rest = (400 - 100) / (400 - 40)
    assert result["miou_two_class"] == pytest.approx((0.4 + rest) / 2)
    assert result["fixed_mask_iou_image_fakes"] == pytest.approx(0.5)
    assert result["gain_iou_image_fakes"] == pytest.approx(0.0)
    assert result["fixed_mask_iou_pooled"] == pytest.approx(50 / 180)
    assert result["faces_without_mask"] == 1


def test_sums_of_pixels_agree_with_the_metrics_on_maps():
    rng = np.random.default_rng(0)
    predicted, true = rng.random((2, 12, 9, 9))
    true[:5] = 0
    labels = np.repeat([0, 1], [5, 7])
    valid = rng.random(12) > 0.2
    p, t = predicted >= 0.5, true >= 0.5
    rows = pd.DataFrame(
        {
            "label": labels,
            "mask_valid": valid,
            "pixels": 81,
            "intersection": (p & t).sum((1, 2)),
            "union": (p | t).sum((1, 2)),
            "iou": metrics.iou(p, t),
            "pbca": metrics.pbca(p, t),
            "iinc": metrics.iinc(p, t),
        }
    )
    wanted = metrics.localization_metrics(predicted, true, labels, valid=valid)
    got = localization_metrics(rows)
    shared = set(got) & set(wanted)
    assert len(shared) == 9
    for name in shared:
        assert got[name] == pytest.approx(wanted[name]), name


def test_a_method_is_compared_with_the_pristine_faces_only():
    rows = pd.DataFrame(
        [
            face(0, 0.5, video_id="a"),
            face(0, 0.6, video_id="b"),
            face(1, 0.55, method="hard"),
            face(1, 0.9, method="easy"),
            face(1, 0.8, method="easy", video_id="2"),
        ]
    )
    table = method_table(rows, 0.7).set_index("method")
    assert list(table.index) == ["easy", "hard", "all fakes"]
    assert list(table["faces"]) == [2, 1, 3]
    assert list(table["videos"]) == [2, 1, 3]
    assert list(table["frame_auc"]) == pytest.approx([1.0, 0.5, 5 / 6])
    assert list(table["frame_recall"]) == pytest.approx([1.0, 0.0, 2 / 3])


def test_both_thresholds_stand_beside_each_other():
    rows = pd.DataFrame([face(0, 0.3), face(0, 0.1), face(1, 0.4), face(1, 0.8)])
    result = summarise(rows, 0.35)
    assert result["frame_accuracy_at_0.5"] == 0.75
    assert result["frame_accuracy_at_validation_threshold"] == 1.0
    assert result["frame_auc"] == result["video_auc"] == 1.0
    assert "frame_accuracy_at_validation_threshold" not in summarise(rows)


def test_what_is_undefined_is_none_in_json_and_a_dash_in_tables():
    rows = pd.DataFrame([face(1, 0.3), face(1, 0.9)])
    result = summarise(rows)
    assert result["frame_auc"] is None
    assert "| – |" in markdown(method_table(rows))


def test_no_predicted_masks_are_no_perfect_score():
    missing = dict.fromkeys(("iou", "pbca", "iinc", "intersection", "union"), np.nan)
    rows = pd.DataFrame([face(0, 0.3, **missing), face(1, 0.9, **missing)])
    rows["fixed_intersection"] = [0, 20]
    result = summarise(rows)
    for name in ("iou_image_fakes", "iou_pooled", "miou_two_class", "pbca_image_all"):
        assert result[name] is None, name
    assert result["fixed_mask_iou_pooled"] == pytest.approx(20 / 80)
    assert result["gain_iou_pooled"] is None


def test_five_way_accuracy():
    rows = pd.DataFrame([face(0, 0.3), face(1, 0.9), face(1, 0.9)])
    rows["probability_pristine"] = [0.8, 0.4, 0.9]
    rows["probability_swap"] = [0.2, 0.6, 0.1]
    assert summarise(rows)["frame_method_accuracy"] == pytest.approx(2 / 3)
