"""Fig. 9 and Fig. 10: ROC curves of the ablations of Tables VII and VIII.

Here: a row a quality; beside the usual axes those of low false positive rates, on a
logarithmic scale, where a detector of rare fakes works. That one begins at the least
rate above 0 that the number of real faces can show. The AUC is of frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn import metrics

from fakeloc_tf.evaluation.low_rates import LOWEST_RATE, least_rate
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.evaluations import evaluate_once
from fakeloc_tf.evaluation.paper.experiments import QUALITIES
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item


@dataclass(frozen=True)
class Curve:
    """How the curve of an experiment looks."""

    label: str
    color: str
    line: Any


# Names as in the tables; what both figures share looks alike in both.
OURS = Curve("+ both (ours)", "#D55E00", "-")
MODULES = {
    "xception": Curve("Xception", "#000000", ":"),
    "noise": Curve("+ noise", "#56B4E9", "--"),
    "semantic": Curve("+ segmentation", "#0072B2", "-."),
    "ours": OURS,
}
TAPS = {
    "deep": Curve("deep", "#56B4E9", "--"),
    "middle_deep": Curve("middle, deep", "#0072B2", "-."),
    "ours": replace(OURS, label="shallow, middle, deep (ours)"),
}


def draw_rocs(
    context: Context, *, name: str, title: str, curves: Mapping[str, Curve]
) -> list[Path]:
    """Writes `<name>.png` and `<name>.svg`.

    Args:
        context: what to use.
        name: of the files.
        title: of the figure.
        curves: experiment → its curve.
    """
    shown = inputs.shown_qualities(context, tuple(curves))
    figure = drawing.new_figure(11, 5.1 * len(shown) + 0.5, title)
    rows = figure.subplots(len(shown), 2, squeeze=False)
    for (whole, low), quality in zip(rows, shown, strict=True):
        for experiment, curve in curves.items():
            run = inputs.run_of(context, experiment, quality)
            faces = evaluate_once(run, context.records[quality], quality).rows
            _draw((whole, low), faces, curve)
        reals = int((faces["label"] == 0).sum())
        _finish(whole, low, reals)
        whole.set_title(f"{quality}: {reals} real, {len(faces) - reals} fake faces")
        low.set_title(f"{quality}: low false positive rates")
    return drawing.save(figure, context, name)


def _draw(axes: Iterable[Axes], faces: pd.DataFrame, curve: Curve) -> None:
    """One curve, on both axes.

    Args:
        axes: where to.
        faces: rows with `label` and `probability`, of both labels.
        curve: how it looks.
    """
    fake, probability = faces["label"], faces["probability"]
    # Every threshold: on a logarithmic axis a step that is left out can be seen.
    false_rate, true_rate, _ = metrics.roc_curve(
        fake, probability, drop_intermediate=False
    )
    label = f"{curve.label}, AUC {metrics.roc_auc_score(fake, probability):.3f}"
    for axis in axes:
        axis.plot(
            *(false_rate, true_rate),
            color=curve.color,
            linestyle=curve.line,
            linewidth=1.8,
            label=label,
            # Between two thresholds the rate is that of the stricter one.
            drawstyle="steps-post",
        )


def _finish(whole: Axes, low: Axes, reals: int) -> None:
    """Limits, labels and legend; `reals` faces say how low a rate can be."""
    chance = np.geomspace(LOWEST_RATE, 1, 100)
    for axis in (whole, low):
        axis.plot(chance, chance, color="gray", linewidth=1, label="chance")
        axis.set(xlabel="false positive rate", ylabel="true positive rate")
        axis.set_ylim(-0.02, 1.02)
        axis.grid(alpha=0.3)
    whole.set_xlim(-0.02, 1.02)
    low.set_xscale("log")
    low.set_xlim(least_rate(reals), 1)
    whole.legend(loc="lower right", fontsize=10)


def _item(name: str, title: str, curves: Mapping[str, Curve]) -> Item:
    return Item(
        title=title,
        experiments=tuple(curves),
        qualities=QUALITIES,
        make=partial(draw_rocs, name=name, title=title, curves=curves),
    )


FIG9 = _item("fig9", "Fig. 9: ROC of the modules of Table VII", MODULES)
FIG10 = _item("fig10", "Fig. 10: ROC of the taps of Table VIII", TAPS)
