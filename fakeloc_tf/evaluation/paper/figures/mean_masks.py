"""Fig. 5: the mean predicted mask of each method, the true one, and their difference.

Here: the predicted mask is the fused map (Eq. 8), averaged as it is, not binarised; the
true one is brought to the model's input size by area. The means are over test faces
with a valid mask. Pristine faces are shown too: their predicted mask is all error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fakeloc_tf.evaluation.chosen_faces import Face
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run, require_localization

FACES = 1000


@dataclass(frozen=True)
class MeanMasks:
    """Means over the faces of a method.

    Attributes:
        true: float [S, S] in 0..1.
        predicted: float [S, S] in 0..1.
        faces: of how many.
    """

    true: np.ndarray
    predicted: np.ndarray
    faces: int


def make(context: Context) -> list[Path]:
    """Writes fig5.png and fig5.svg."""
    records = inputs.records_of(context)
    run = inputs.run_of(context, "ours")
    model, config, _ = load_run(run)
    require_localization(model, run)
    means = mean_masks(
        as_scorer(model), inputs.some_faces(records, FACES), config.model.image_size
    )
    classes = inputs.classes_of(records)
    figure = drawing.new_figure(
        2.2 * len(means) + 1.2,
        7.6,
        FIG5.title,
        "Blue: marked too little; red: marked too much. Number: mean of the absolute "
        "difference.",
    )
    axes = figure.subplots(3, len(means), squeeze=False)
    names = ("true", "predicted", "predicted − true")
    for axis, name in zip(axes[:, 0], names, strict=True):
        axis.set_ylabel(name, fontsize=11)
    share = {"cmap": "viridis", "vmin": 0, "vmax": 1}
    gap = {"cmap": drawing.SIGNED, "vmin": -1, "vmax": 1}
    for column, (method, mean) in zip(axes.T, means.items(), strict=True):
        column[0].set_title(f"{classes[method]}\n{mean.faces} faces", fontsize=11)
        difference = mean.predicted - mean.true
        masks = drawing.show(column[0], mean.true, **share)
        drawing.show(column[1], mean.predicted, **share)
        differences = drawing.show(column[2], difference, **gap)
        column[2].set_xlabel(f"{np.abs(difference).mean():.3f}", fontsize=10)
    drawing.color_bar(masks, axes[:2, :], "share of faces, probability")
    drawing.color_bar(differences, axes[2, :], "difference")
    return drawing.save(figure, context, "fig5")


def mean_masks(
    score: Scorer, faces: Iterable[Face], image_size: int
) -> dict[int, MeanMasks]:
    """Method → its mean masks, for the methods that have faces with a valid mask.

    Args:
        score: see `models.scorer.as_scorer`; with a localisation.
        faces: parsed records.
        image_size: side S of the model's input.
    """
    sums: dict[int, np.ndarray] = {}
    counts: Counter[int] = Counter()
    valid = (face for face in faces if bool(face["mask_valid"]))
    for batch, images in inputs.batches(valid, image_size):
        maps = score(images)["localization"].numpy()[..., 0]
        for face, predicted in zip(batch, maps, strict=True):
            method = int(face["method"])
            pair = np.stack([inputs.mask_of(face, image_size), predicted])
            sums[method] = sums.get(method, 0.0) + pair.astype(np.float64)
            counts[method] += 1
    means = {method: sums[method] / counts[method] for method in sorted(sums)}
    return {
        method: MeanMasks(true, predicted, counts[method])
        for method, (true, predicted) in means.items()
    }


FIG5 = Item(
    title="Fig. 5: mean predicted and true masks and their differences",
    experiments=("ours",),
    qualities=(inputs.MAIN,),
    make=make,
)
