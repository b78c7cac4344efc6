"""ROC, precision and recall, and scores of an evaluation as one SVG."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn import metrics

from fakeloc_tf.evaluation.figure_files import svg_bytes
from fakeloc_tf.evaluation.low_rates import least_rate
from fakeloc_tf.training.board.curves import (
    FAKE_COLOR,
    draw_precision_recall,
    draw_roc,
    draw_scores,
)

PANEL_INCHES = (4.2, 3.7)


def curve_panels(
    fake: np.ndarray, probability: np.ndarray, threshold: float
) -> dict[str, bytes]:
    """The drawings of one evaluation.

    Args:
        fake: bool [N].
        probability: float [N].
        threshold: from which on a face is called fake.

    Returns:
        What is seen → an SVG; curves that need both classes only where there are both.
    """
    panels = {}
    if 0 < fake.sum() < len(fake):
        panels["ROC"] = _drawn(draw_roc, fake, probability)
        panels["ROC at low false-positive rates"] = _drawn(
            draw_low_rates, fake, probability
        )
        panels["Precision and recall"] = _drawn(
            draw_precision_recall, fake, probability
        )

    def scores(axes: Axes, fake: np.ndarray, probability: np.ndarray) -> None:
        draw_scores(axes, fake, probability)
        axes.axvline(
            threshold, color="black", ls="--", lw=1, label=f"threshold {threshold:.3f}"
        )
        axes.legend(loc="upper center")

    panels["Scores of real and of fake faces"] = _drawn(scores, fake, probability)
    return panels


def draw_low_rates(axes: Axes, fake: np.ndarray, probability: np.ndarray) -> None:
    """Draws the ROC curve where false positives are rare, on a logarithmic scale.

    It begins at the least rate above 0 that the number of real faces can show.

    Args:
        axes: where to.
        fake: bool [N].
        probability: float [N].
    """
    false_rate, true_rate, _ = metrics.roc_curve(
        fake, probability, drop_intermediate=False
    )
    # Between two thresholds the rate is that of the stricter one.
    axes.step(false_rate, true_rate, where="post", color=FAKE_COLOR, label="model")
    least = least_rate(int((~fake).sum()))
    chance = np.geomspace(least, 1, 100)
    axes.plot(chance, chance, color="gray", linestyle=":", label="chance")
    axes.set(
        xscale="log",
        xlim=(least, 1),
        ylim=(-0.02, 1.02),
        xlabel="false positive rate",
        ylabel="true positive rate",
        title="low false positive rates",
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")


def _drawn(
    draw: Callable[[Axes, np.ndarray, np.ndarray], None],
    fake: np.ndarray,
    probability: np.ndarray,
) -> bytes:
    """One pair of axes as an SVG, the same bytes for the same numbers."""
    figure = Figure(figsize=PANEL_INCHES, layout="constrained")
    draw(figure.subplots(), fake, probability)
    return svg_bytes(figure)
