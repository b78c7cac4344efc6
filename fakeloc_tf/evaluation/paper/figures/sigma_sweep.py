"""Fig. 4: what the noise filter takes away with one σ and another.

Here: σ 1 to 15 grey levels, on the crops of the test split's first person by number.
|W| is made again from the stored crop, which is lossless. It grows with σ, so each σ
has a scale of its own, one for all faces and qualities; its upper end, below which 99%
of the values are, stands above the column.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.experiments import QUALITIES
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.noise import gray_magnitude, noise_residual

SIGMAS = (1.0, 3.0, 5.0, 7.0, 10.0, 15.0)


def make(context: Context) -> list[Path]:
    """Writes fig4.png and fig4.svg."""
    faces = [
        (quality, classes[int(face["method"])], inputs.face_of(face))
        for quality in inputs.shown_qualities(context)
        for classes in [inputs.classes_of(context.records[quality])]
        for face in inputs.people(context.records[quality], 1)[0]
    ]
    figure = drawing.new_figure(
        1.6 * (1 + len(SIGMAS)) + 1.0,
        1.62 * len(faces) + 1.2,
        FIG4.title,
        "Noise |W|. Black: 0; lightest: the grey levels at the head of the column, and "
        "more.",
    )
    axes = figure.subplots(len(faces), 1 + len(SIGMAS), squeeze=False)
    for row, (quality, method, face) in zip(axes, faces, strict=True):
        drawing.show(row[0], face)
        row[0].set_ylabel(f"{method}\n{quality}", fontsize=10)
    for column, sigma in enumerate(SIGMAS, start=1):
        noises = sweep([face for _, _, face in faces], sigma)
        top = float(np.percentile(noises, 99)) or 1.0
        for axis, noise in zip(axes[:, column], noises, strict=True):
            drawing.show(axis, noise, cmap=drawing.MAGNITUDE, vmin=0, vmax=top)
        axes[0, column].set_title(f"σ = {sigma:g}\n0 to {top:.1f}", fontsize=10)
    return drawing.save(figure, context, "fig4")


def sweep(faces_uint8: list[np.ndarray], sigma: float) -> np.ndarray:
    """float32 [N, S, S], |W| in grey levels of uint8 [S, S, 3] faces of one size."""
    return np.stack([gray_magnitude(noise_residual(f, sigma)) for f in faces_uint8])


FIG4 = Item(
    title="Fig. 4: noise by the filter's σ",
    experiments=(),
    qualities=QUALITIES,
    make=make,
)
