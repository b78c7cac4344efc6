"""Curves and histograms of a validation pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn import metrics
from tensorboard.plugins.pr_curve import summary as pr_summary

# Vermillion and bluish green of Okabe and Ito: told apart by colour-blind people too.
FAKE_COLOR = "#D55E00"
REAL_COLOR = "#009E73"
BINS = 20
# Small inches and many dots: letters that stay readable on TensorBoard's small cards.
FIGURE_INCHES = (3.8, 3.4)
DPI = 140


def write_curves(faces: Mapping[str, np.ndarray]) -> None:
    """Writes curves and histograms into the default writer.

    A curve that needs both classes is left out of a split that has one, and those that
    need scores or masks where the model has none.

    Args:
        faces: float [N] `target`, `mask_valid` and, with semantic heads, `iou`, with a
            classifier, `probability`.
    """
    fake = np.asarray(faces["target"]) > 0.5
    located = fake & (np.asarray(faces["mask_valid"]) > 0)
    if "iou" in faces and located.any():
        tf.summary.histogram("scores/iou_of_fakes", faces["iou"][located])
    if "probability" not in faces:
        return
    probability = np.asarray(faces["probability"])
    for name, chosen in (("fake", fake), ("real", ~fake)):
        if chosen.any():
            tf.summary.histogram(f"scores/{name}s", probability[chosen])
    tf.summary.image(
        "curves/score_distribution", _drawn(draw_scores, fake, probability)
    )
    if 0 < fake.sum() < len(fake):
        tf.summary.image("curves/roc", _drawn(draw_roc, fake, probability))
        tf.summary.image(
            "curves/precision_recall", _drawn(draw_precision_recall, fake, probability)
        )
        curve = pr_summary.pb("curves/pr", labels=fake, predictions=probability)
        tf.summary.experimental.write_raw_pb(curve.SerializeToString())


def draw_roc(axes: Axes, fake: np.ndarray, probability: np.ndarray) -> None:
    """Draws the ROC curve of bool [N] `fake` and float [N] `probability`."""
    false_rate, true_rate, _ = metrics.roc_curve(fake, probability)
    area = metrics.roc_auc_score(fake, probability)
    axes.plot(false_rate, true_rate, color=FAKE_COLOR, label=f"AUC {area:.4f}")
    axes.plot([0, 1], [0, 1], color="gray", linestyle=":", label="chance")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title="ROC")
    _unit_square(axes)


def draw_precision_recall(
    axes: Axes, fake: np.ndarray, probability: np.ndarray
) -> None:
    """Draws precision over recall of bool [N] `fake` and float [N] `probability`."""
    precision, recall, _ = metrics.precision_recall_curve(fake, probability)
    area = metrics.average_precision_score(fake, probability)
    label = f"average precision {area:.4f}"
    # Precision between two thresholds is that of the higher one: steps, not a slope.
    axes.step(recall, precision, where="post", color=FAKE_COLOR, label=label)
    axes.axhline(fake.mean(), color="gray", linestyle=":", label="share of fakes")
    axes.set(xlabel="recall", ylabel="precision", title="precision and recall")
    _unit_square(axes)


def draw_scores(axes: Axes, fake: np.ndarray, probability: np.ndarray) -> None:
    """Draws the distribution of float [N] `probability` in each class."""
    for name, chosen, color in (
        ("real", ~fake, REAL_COLOR),
        ("fake", fake, FAKE_COLOR),
    ):
        count = int(chosen.sum())
        # Shares of the class: classes of different size are compared by shape.
        weights = np.full(count, 1 / max(count, 1))
        axes.hist(
            probability[chosen],
            bins=BINS,
            range=(0.0, 1.0),
            weights=weights,
            color=color,
            alpha=0.55,
            label=f"{name} ({count})",
        )
    axes.set(
        xlabel="probability of manipulation",
        ylabel="share of the class",
        title="scores",
        xlim=(0, 1),
    )
    axes.legend(loc="upper center")


def _unit_square(axes: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")


def _drawn(
    draw: Callable[[Axes, np.ndarray, np.ndarray], None],
    fake: np.ndarray,
    probability: np.ndarray,
) -> np.ndarray:
    """A picture of one pair of axes, uint8 [1, H, W, 3]."""
    figure = Figure(figsize=FIGURE_INCHES, dpi=DPI, layout="constrained")
    draw(figure.subplots(), fake, probability)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[None, ..., :3]
