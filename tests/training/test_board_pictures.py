"""TensorBoard's curves, histograms and pictures of faces, read back."""

import numpy as np
import tensorflow as tf
from board_stand_in import (
    FACES,
    StandIn,
    board,
    drive,
    points,
)
from matplotlib.figure import Figure
from sklearn import metrics

from fakeloc_tf.training.board import curves, faces


def test_pr_curve_counts_are_those_of_its_thresholds(run):
    folder, watch = run
    _, proto = points(folder)["curves/pr/pr_curves"][-1]
    tp, fp, tn, fn, precision, recall = tf.make_ndarray(proto)
    fake = watch.target == 1
    thresholds = np.arange(len(tp)) / (len(tp) - 1)
    for index in range(0, len(tp), 20):
        called = watch.faces["probability"] >= thresholds[index]
        matrix = metrics.confusion_matrix(fake, called, labels=[False, True])
        assert [[tn[index], fp[index]], [fn[index], tp[index]]] == matrix.tolist()
        if called.any():
            expected = metrics.precision_score(fake, called)
            assert precision[index] == np.float32(expected)
        assert recall[index] == np.float32(metrics.recall_score(fake, called))


def test_drawn_curves_are_those_of_sklearn():
    watch = StandIn()
    fake, probability = watch.target == 1, watch.faces["probability"]
    axes = Figure().subplots()
    curves.draw_roc(axes, fake, probability)
    false_rate, true_rate, _ = metrics.roc_curve(fake, probability)
    drawn = axes.lines[0].get_xydata()
    np.testing.assert_array_equal(drawn, np.stack([false_rate, true_rate], 1))
    area = metrics.roc_auc_score(fake, probability)
    assert axes.lines[0].get_label() == f"AUC {area:.4f}"

    axes = Figure().subplots()
    curves.draw_precision_recall(axes, fake, probability)
    precision, recall, _ = metrics.precision_recall_curve(fake, probability)
    drawn = axes.lines[0].get_xydata()
    np.testing.assert_array_equal(drawn, np.stack([recall, precision], 1))
    area = metrics.average_precision_score(fake, probability)
    assert axes.lines[0].get_label() == f"average precision {area:.4f}"


def test_histograms_hold_the_scores_of_their_class(run):
    folder, watch = run
    located = (watch.target == 1) & (watch.faces["mask_valid"] > 0)
    for tag, values in (
        ("scores/fakes", watch.faces["probability"][watch.target == 1]),
        ("scores/reals", watch.faces["probability"][watch.target == 0]),
        ("scores/iou_of_fakes", watch.faces["iou"][located]),
    ):
        buckets = tf.make_ndarray(points(folder)[tag][-1][1])
        assert buckets[:, 2].sum() == len(values)
        assert np.isclose(buckets[0, 0], values.min())
        assert np.isclose(buckets[-1, 1], values.max())


def test_step1_and_a_split_of_one_class_show_what_there_is(tmp_path):
    drive(board(tmp_path / "step1", StandIn(classifier=False)))
    tags = set(points(tmp_path / "step1"))
    assert {"scores/iou_of_fakes", "faces/overview"} <= tags
    assert not {"curves/roc", "scores/fakes"} & tags
    assert not (tmp_path / "step1" / "projector_config.pbtxt").exists()

    drive(board(tmp_path / "reals", StandIn(target=np.zeros(FACES, int))))
    tags = set(points(tmp_path / "reals"))
    assert {"curves/score_distribution", "scores/reals"} <= tags
    assert not {"curves/roc", "curves/pr/pr_curves", "scores/iou_of_fakes"} & tags


def test_overlay_tints_the_prediction_and_outlines_the_truth():
    face = np.full((30, 30, 3), 100, np.uint8)
    true, predicted = np.zeros((2, 30, 30, 1), np.float32)
    true[5:15, 5:15] = 1
    predicted[12:20, 12:20] = 0.5
    picture = faces.overlay(face, true, predicted)
    edge = np.zeros((30, 30), bool)
    edge[5:15, 5:15] = True
    edge[6:14, 6:14] = False
    assert (picture[edge] == 255).all()
    tinted = (predicted[..., 0] >= 0.5) & ~edge
    # 0.6 · 100 + 0.4 · (255, 0, 0)
    assert (picture[tinted] == (162, 60, 60)).all()
    assert (picture[~edge & ~tinted] == 100).all()
    assert (face == 100).all()


def test_noise_maps_share_one_scale():
    true = np.linspace(0, 0.5, 1000, dtype=np.float32).reshape(1, 25, 40, 1)
    rows = faces.noise_rows(true, true / 2)
    assert list(rows) == ["true noise\n0 to 0.50", "predicted noise\n0 to 0.50"]
    full, half = (picture.astype(int) for picture in rows.values())
    # The half map reaches the middle of the colours where the true one is at the top.
    middle = full[0].reshape(-1, 3)[495]
    assert np.abs(half[0, -1, -1] - middle).max() <= 8  # a few of 256 colours apart
    assert full.sum() > half.sum()
