"""Robustness: which faces are corrupted, and the means over the corruptions."""

import numpy as np
import pandas as pd
import pytest
import synthetic

from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.evaluation.robustness import faces, summary
from fakeloc_tf.evaluation.robustness import run as robustness_run
from fakeloc_tf.evaluation.robustness.results import Cell


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("data") / "records")


@pytest.mark.parametrize("limit", [4, 5, 8])
def test_some_faces_are_spread_over_each_class(folder, limit):
    # Reals and fakes alternate: every second face would be one class.
    chosen = faces.choose_faces(RecordSource(folder, "train"), limit)
    assert chosen.sum() == limit
    assert abs(chosen[1::2].sum() - chosen[::2].sum()) <= 1
    assert chosen[:8].sum() in (limit // 2, limit - limit // 2)


def test_a_face_is_changed_alike_whatever_others_are_chosen(folder):
    source = RecordSource(folder, "test")

    def images(chosen):
        noise = robustness_run._change(Cell("noise", 3))
        return [f["image"].numpy() for f in faces.changed_faces(source, chosen, noise)]

    every, some = images(np.ones(8, bool)), images(np.arange(8) > 5)
    np.testing.assert_array_equal(np.stack(some), np.stack(every[6:]))


def test_means_by_hand():
    rows = [("none", 0, 0.9, 0.8), ("jpeg", 1, 0.8, 0.6), ("jpeg", 5, 0.6, 0.2)]
    rows += [("blur", 1, 0.5, 0.9)]
    columns = ("corruption", "level", "frame_auc", "iou_image_fakes")
    levels = pd.DataFrame(rows, columns=columns)
    means = summary.mean_corruption(levels)
    # JPEG (0.8 + 0.6) / 2 = 0.7 and blur 0.5 count the same.
    assert means["mean_corruption_frame_auc"] == pytest.approx(0.6)
    assert means["mean_corruption_error_frame_auc"] == pytest.approx(0.4)
    assert means["relative_mean_corruption_error_frame_auc"] == pytest.approx(0.3)
    assert means["mean_corruption_iou_image_fakes"] == pytest.approx(0.65)
    table = summary.corruption_table(levels).set_index("corruption")
    assert table["lost_iou_image_fakes"]["jpeg"] == pytest.approx(0.4)
    assert table["lost_iou_image_fakes"]["blur"] == pytest.approx(-0.1)
    levels.loc[1, "iou_image_fakes"] = np.nan
    assert summary.mean_corruption(levels)["mean_corruption_iou_image_fakes"] is None
