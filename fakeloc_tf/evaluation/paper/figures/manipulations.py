"""Fig. 1: masks and noise of a real face and of its manipulations.

Here: the test split's first person by number that has every method. The noise is |W|
as the records store it, which is what the noise heads learn, in one scale for all
faces. It ends where 99% of the values are below: else a few strong edges would leave
the rest black.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item

# At the last of three rows; one that belonged to it alone would move it aside.
NOISE_BAR = {"extend": "max", "shrink": 0.3, "anchor": (0.0, 0.01), "aspect": 18}


def make(context: Context) -> list[Path]:
    """Writes fig1.png and fig1.svg."""
    records = inputs.records_of(context)
    classes, (faces, *_) = inputs.classes_of(records), inputs.people(records, 1)
    noises = [inputs.noise_of(face) for face in faces]
    top = float(np.percentile(np.stack(noises), 99)) or 1.0
    figure = drawing.new_figure(
        2.2 * len(faces) + 1.0,
        7.6,
        FIG1.title,
        "White: manipulated. Noise |W|: what a wavelet Wiener filter with "
        f"σ = {inputs.sigma_of(records):g} takes away.",
    )
    axes = figure.subplots(3, len(faces), squeeze=False)
    for column, (face, noise) in enumerate(zip(faces, noises, strict=True)):
        top_axes, mask_axes, noise_axes = axes[:, column]
        drawing.show(top_axes, inputs.face_of(face))
        top_axes.set_title(inputs.name_of(face, classes), fontsize=11)
        drawing.show(mask_axes, inputs.mask_of(face), cmap="gray", vmin=0, vmax=1)
        image = drawing.show(
            noise_axes, noise, cmap=drawing.MAGNITUDE, vmin=0, vmax=top
        )
    for axis, label in zip(axes[:, 0], ("face", "mask", "noise"), strict=True):
        axis.set_ylabel(label, fontsize=11)
    drawing.color_bar(image, axes, "|W|, grey levels", **NOISE_BAR)
    return drawing.save(figure, context, "fig1")


FIG1 = Item(
    title="Fig. 1: masks and noise of a real face and its manipulations",
    experiments=(),
    qualities=(inputs.MAIN,),
    make=make,
)
