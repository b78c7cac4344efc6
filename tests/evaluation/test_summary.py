"""Summaries of predictions: hand-computed cases, and loops as the reference."""

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_maps
from references import metrics as reference

from fakeloc_tf import metrics
from fakeloc_tf.evaluation.mask_summary import localization_metrics
from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.summary import by_video, summarise
from fakeloc_tf.evaluation.tables import markdown


def face(label, probability, **more):
    row = {"dataset": "d", "video_id": "1", "frame": 0, "label": label}
    row |= {"method": "swap" if label else "pristine", "probability": probability}
    row |= {"mask_valid": True, "pixels": 100, "true_pixels": 30 * label}
    row |= {"intersection": 0, "union": 30 * label}
    row |= {"fixed_intersection": 0, "fixed_union": 40 + 30 * label}
    return row | more


def overlap(both, either, fixed_both, fixed_either):
    areas = {"intersection": both, "union": either}
    return areas | {"fixed_intersection": fixed_both, "fixed_union": fixed_either}


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
            face(0, 0.1, union=20),
            face(1, 0.9, mask_valid=False, intersection=99, union=99),
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


def test_real_faces_of_which_much_is_marked_are_false_alarms():
    rows = pd.DataFrame(
        [
            face(0, 0.1, union=4),
            face(0, 0.1, union=6),
            face(0, 0.1, union=50, mask_valid=False),
            face(1, 0.9, **overlap(10, 40, 20, 40)),
        ]
    )
    result = localization_metrics(rows)
    assert result["mask_false_alarm_fraction_reals"] == pytest.approx(0.05)
    assert result["mask_false_alarm_share_reals"] == 0.5
    assert result["fixed_mask_mask_false_alarm_share_reals"] == 1.0
    # More is worse, and the gain is how much better the model is.
    assert result["gain_mask_false_alarm_share_reals"] == 0.5
    assert result["gain_mask_false_alarm_fraction_reals"] == pytest.approx(0.35)


def test_every_localisation_metric_stands_beside_the_fixed_masks():
    rows = pd.DataFrame([face(0, 0.1), face(1, 0.9, **overlap(20, 35, 20, 45))])
    rows[["pixel_auc", "fixed_pixel_auc"]] = [[np.nan, np.nan], [0.9, 0.7]]
    result = localization_metrics(rows)
    own = [n for n in result if not n.startswith(("fixed_mask_", "gain_", "faces_"))]
    assert len(own) == 14
    for name in own:
        gain = result[name] - result[f"fixed_mask_{name}"]
        sign = -1 if name.startswith(("iinc", "mask_false")) else 1
        assert result[f"gain_{name}"] == pytest.approx(sign * gain), name
        assert result[f"gain_{name}"] > 0 or name.endswith("iou_image_all"), name
    assert result["gain_pixel_auc_image_fakes"] == pytest.approx(0.2)


def test_counts_of_pixels_agree_with_loops_over_the_maps():
    predicted, true, labels, valid = made_up_maps(12)
    masks = predicted >= 0.5
    intersection, union = metrics.areas(masks, true)
    rows = pd.DataFrame(
        {
            "label": labels.astype(int),
            "mask_valid": valid,
            "pixels": masks[0].size,
            "true_pixels": true.sum((1, 2)),
            "intersection": intersection,
            "union": union,
        }
    )
    wanted = reference.localization(masks, true, labels, valid)
    got = localization_metrics(rows)
    assert not valid.all() and got["faces_without_mask"] == (~valid).sum()
    assert set(wanted) == set(got) - {"faces_without_mask"}
    for name, value in wanted.items():
        assert got[name] == pytest.approx(value), name


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
    missing = dict.fromkeys(("intersection", "union", "pixel_auc"), np.nan)
    rows = pd.DataFrame([face(0, 0.3, **missing), face(1, 0.9, **missing)])
    rows["fixed_intersection"], rows["fixed_union"] = [0, 20], [40, 40]
    result = summarise(rows)
    names = ("iou_image_fakes", "iou_pooled", "miou_two_class", "pbca_image_all")
    for name in (*names, "pixel_auc_image_fakes", "mask_false_alarm_share_reals"):
        assert result[name] is None, name
    assert result["fixed_mask_iou_pooled"] == pytest.approx(20 / 80)
    assert result["gain_iou_pooled"] is None


def test_recall_of_each_method_and_its_mean_by_hand():
    rows = pd.DataFrame(
        [
            *(face(0, p, video_id=str(p)) for p in (0.1, 0.2, 0.3, 0.6)),
            *(face(1, p, method="hard") for p in (0.1, 0.3, 0.7)),
            face(1, 0.9, method="easy"),
        ]
    )
    result = summarise(rows, 0.25, resamples=0)
    at = "at_validation_threshold"
    assert result[f"frame_recall_{at}_pristine"] == 2 / 4
    assert result[f"frame_recall_{at}_hard"] == pytest.approx(2 / 3)
    assert result[f"frame_recall_{at}_easy"] == 1.0
    assert result[f"frame_macro_recall_{at}"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert result["frame_recall_at_0.5_hard"] == pytest.approx(1 / 3)
    # The three frames are one video, of mean 0.37.
    assert result[f"video_recall_{at}_hard"] == 1.0
    assert result["video_macro_recall_at_0.5"] == pytest.approx((3 / 4 + 0 + 1) / 3)


def test_five_way_accuracy_and_recall():
    rows = pd.DataFrame([face(0, 0.3), face(1, 0.9), face(1, 0.9)])
    rows["probability_pristine"] = [0.8, 0.3, 0.6]
    rows["probability_swap"] = [0.2, 0.7, 0.4]
    result = summarise(rows)
    assert result["frame_method_accuracy"] == pytest.approx(2 / 3)
    assert result["frame_method_recall_swap"] == 1 / 2
    assert result["frame_method_macro_recall"] == 3 / 4
    # The mean of the video's two frames is for the swap.
    assert result["video_method_accuracy"] == 1.0
