"""Fig. 8: examples of localisation.

Here: every method of the test split's first two people by number, with the predicted
map of each tap, and the fused one (Eq. 8) at the input's size. Not the best, not the
worst: the first.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf.evaluation.chosen_faces import Face
from fakeloc_tf.evaluation.face_drawing import draw_face
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.models.applications import TAPS
from fakeloc_tf.models.scorer import load_run, require_localization

PEOPLE = 2
FUSED = "fused"


def make(context: Context) -> list[Path]:
    """Writes fig8.png and fig8.svg."""
    records = inputs.records_of(context)
    run = inputs.run_of(context, "ours")
    model, config, _ = load_run(run)
    require_localization(model, run)
    faces = [face for row in inputs.people(records, PEOPLE) for face in row]
    size = config.model.image_size
    maps, probability = predicted_maps(model, faces, size)
    *_, fused = maps.values()
    rows = ("face", "true mask", *maps)
    figure = drawing.new_figure(
        1.5 * len(faces) + 1.2,
        1.55 * len(rows) + 1.3,
        FIG8.title,
        "On the face: true outline white, fused map above 0.5 red. p: probability "
        "that the face is manipulated.",
    )
    axes = figure.subplots(len(rows), len(faces), squeeze=False)
    for index, (column, face) in enumerate(zip(axes.T, faces, strict=True)):
        mask = inputs.mask_of(face, size)
        draw_face(column[0], inputs.face_of(face, size), mask, fused[index])
        drawing.bare(column[0])
        name = inputs.name_of(face, inputs.classes_of(records))
        column[0].set_title(f"{name}\np = {probability[index]:.2f}", fontsize=9)
        for axis, picture in zip(
            column[1:], (mask, *(m[index] for m in maps.values())), strict=True
        ):
            image = drawing.show(axis, picture, cmap="viridis", vmin=0, vmax=1)
    for axis, label in zip(axes[:, 0], rows, strict=True):
        axis.set_ylabel(label, fontsize=10)
    drawing.color_bar(image, axes[1:, :], "probability of manipulation", aspect=40)
    return drawing.save(figure, context, "fig8")


def predicted_maps(
    model: keras.Model, faces: list[Face], image_size: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The maps of an inference model with semantic heads.

    Returns:
        (`<tap> h×w` and `fused S×S` → float [N, h, w] in 0..1, probability [N]).
    """
    images = inputs.model_images(faces, image_size)
    outputs = model(images, training=False)
    maps = {
        # Of two channels, those of `official`, the first is the mask's.
        tap: tf.sigmoid(outputs[f"semantic_{tap}"][..., 0]).numpy()
        for tap in TAPS
        if f"semantic_{tap}" in outputs
    }
    maps[FUSED] = outputs["localization"][..., 0].numpy()
    named = {f"{n}\n{m.shape[1]}×{m.shape[2]}": m for n, m in maps.items()}
    return named, outputs["probability"][:, 0].numpy()


FIG8 = Item(
    title="Fig. 8: examples of localisation",
    experiments=("ours",),
    qualities=(inputs.MAIN,),
    make=make,
)
