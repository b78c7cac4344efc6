"""Fig. 3: mean and variance of the noise, real faces against each method.

Here: |W| as the records store it. The signed residual would leave one number: its mean
is next to nothing, for the filter takes no flat part of a picture away. Mean and
variance are over the region that the method manipulates, for real and fake faces alike,
so that a difference is not one of places: where its mean mask is at least half of the
mean mask's maximum. A point is a test face.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from fakeloc_tf.evaluation.chosen_faces import Face
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.experiments import QUALITIES
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item

# Some hundred points a class: more of them hide each other.
FACES = 1000


def make(context: Context) -> list[Path]:
    """Writes fig3.png and fig3.svg."""
    shown = inputs.shown_qualities(context)
    classes = inputs.classes_of(context.records[shown[0]])
    figure = drawing.new_figure(
        max(3.3 * (len(classes) - 1), 7.0),
        3.7 * len(shown) + 0.6,
        FIG3.title,
        "|W| within the region that the method manipulates, the same for real and "
        "fake faces. A point is a face; large: the class's median.",
    )
    axes = figure.subplots(
        len(shown), len(classes) - 1, squeeze=False, sharex="row", sharey="row"
    )
    for row, quality in zip(axes, shown, strict=True):
        faces = list(inputs.some_faces(context.records[quality], FACES))
        sigma = inputs.sigma_of(context.records[quality])
        for method, axis in enumerate(row, start=1):
            _draw(axis, faces, method, classes)
            axis.set_title(f"{classes[method]}, {quality}, σ = {sigma:g}", fontsize=11)
        row[0].set_ylabel("variance of |W|, grey levels²", fontsize=10)
    for axis in axes[-1]:
        axis.set_xlabel("mean of |W|, grey levels", fontsize=10)
    return drawing.save(figure, context, "fig3")


def method_region(faces: Sequence[Face], method: int) -> np.ndarray | None:
    """bool [S, S]: where a method manipulates; None: no face of it has a mask.

    Args:
        faces: parsed records.
        method: index of the class.
    """
    masks = [
        inputs.mask_of(face)
        for face in faces
        if int(face["method"]) == method and bool(face["mask_valid"])
    ]
    mean = np.mean(masks, axis=0) if masks else np.zeros(())
    return mean >= 0.5 * mean.max() if mean.max() > 0 else None


def noise_statistics(
    faces: Sequence[Face], method: int, region: np.ndarray
) -> np.ndarray:
    """float [N, 2]: mean and variance of |W| in `region` of each face of a method."""
    values = [
        inputs.noise_of(face)[region] for face in faces if int(face["method"]) == method
    ]
    return np.array([(v.mean(), v.var()) for v in values]).reshape(-1, 2)


def _draw(axis: Axes, faces: list[Face], method: int, classes: list[str]) -> None:
    """Real faces and those of one method."""
    axis.grid(alpha=0.3)
    axis.tick_params(labelsize=9)
    region = method_region(faces, method)
    if region is None:
        axis.text(0.5, 0.5, "no masks", ha="center", transform=axis.transAxes)
        return
    for kind in (0, method):
        points = noise_statistics(faces, kind, region)
        label = f"{classes[kind]} ({len(points)})"
        drawing.scatter(axis, points, kind, 14, alpha=0.45, linewidths=0, label=label)
        if len(points):
            middle = np.median(points, axis=0)[None]
            drawing.scatter(axis, middle, kind, 110, edgecolors="black", zorder=3)
    axis.legend(fontsize=9)


FIG3 = Item(
    title="Fig. 3: mean and variance of the noise of real and fake faces",
    experiments=(),
    qualities=QUALITIES,
    make=make,
)
