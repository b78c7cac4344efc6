"""A figure of some faces with their true and predicted masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from fakeloc_tf.data import targets
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.evaluation.chosen_faces import first_faces
from fakeloc_tf.evaluation.face_drawing import draw_face
from fakeloc_tf.evaluation.figure_files import png_bytes
from fakeloc_tf.files import write_bytes
from fakeloc_tf.models.scorer import Scorer

PEOPLE = 3


def draw_examples(
    path: Path,
    score: Scorer,
    source: RecordSource,
    *,
    image_size: int,
    classes: Sequence[str],
    people: int = PEOPLE,
) -> None:
    """Writes a PNG: a row of faces a person and method, with mask and localisation.

    A model without a localisation has its probabilities and the true outlines only.

    Args:
        path: of the PNG.
        score: see `models.scorer.as_scorer`.
        source: records; `first_faces` chooses, so that it is not by result.
        image_size: side S of the model's input.
        classes: names of the methods, index 0 = pristine.
    """
    rows = first_faces(source, len(classes), people)
    chosen = [(row, face) for row, shown in enumerate(rows) for face in shown]
    images = tf.stack(
        [targets.model_input(face["image"], image_size) for _, face in chosen]
    )
    scores = score(images)
    maps = scores.get("localization")
    columns = len(classes)
    figure = Figure(figsize=(columns * 2.4, len(rows) * 2.75), layout="constrained")
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for index, (row, face) in enumerate(chosen):
        axis = axes[row, int(face["method"])]
        draw_face(
            axis,
            images[index].numpy().astype(np.uint8),
            targets.soft_mask(face["mask"], (image_size, image_size))[..., 0].numpy(),
            maps[index, ..., 0].numpy() if maps is not None else None,
        )
        probability = float(scores["probability"][index, 0])
        name = classes[int(face["method"])]
        axis.set_title(f"{name}: {probability:.2f}", fontsize=10)
    predicted = ", red: predicted region" if maps is not None else ""
    figure.suptitle(
        f"probability of manipulation; white: true outline{predicted}", fontsize=9
    )
    write_bytes(path, png_bytes(figure))
