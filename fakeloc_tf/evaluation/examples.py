"""A figure of some faces with their true and predicted masks."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from fakeloc_tf.data import targets
from fakeloc_tf.files import write_bytes
from fakeloc_tf.models.scorer import Scorer

PEOPLE = 3
TINT = ListedColormap(["red"])


def draw_examples(
    path: Path,
    score: Scorer,
    faces: tf.data.Dataset,
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
        faces: parsed records; the first face of each method of the first `people`
            videos that have it is shown, so that the choice is not by result.
        image_size: side S of the model's input.
        classes: names of the methods, index 0 = pristine.
    """
    chosen = _choose(faces, len(classes), people)
    images = tf.stack(
        [targets.model_input(face["image"], image_size) for face in chosen]
    )
    scores = score(images)
    columns = len(classes)
    rows = -(-len(chosen) // columns)
    figure = Figure(figsize=(columns * 2.4, rows * 2.75), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for index, face in enumerate(chosen):
        axes[index].imshow(images[index].numpy().astype(np.uint8))
        if "localization" in scores:
            region = np.ma.masked_less(scores["localization"][index, ..., 0], 0.5)
            axes[index].imshow(region, cmap=TINT, vmin=0, vmax=1, alpha=0.4)
        true = targets.soft_mask(face["mask"], (image_size, image_size))[..., 0]
        if float(tf.reduce_max(true)) >= 0.5:
            axes[index].contour(true, levels=[0.5], colors="white", linewidths=1.2)
        probability = float(scores["probability"][index, 0])
        name = classes[int(face["method"])]
        axes[index].set_title(f"{name}: {probability:.2f}", fontsize=10)
    predicted = ", red: predicted region" if "localization" in scores else ""
    figure.suptitle(
        f"probability of manipulation; white: true outline{predicted}", fontsize=9
    )
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_bytes(path, buffer.getvalue())


def _choose(faces: tf.data.Dataset, methods: int, people: int) -> list[dict[str, Any]]:
    """The first face of each of `people` videos of every method, method by method.

    Videos come in the order of their names' first part, the person's, so that the
    columns of a row belong together where each person has every method.
    """
    found: dict[int, dict[str, dict[str, Any]]] = {m: {} for m in range(methods)}
    for face in faces:
        videos = found[int(face["method"])]
        name = face["video_id"].numpy().decode()
        person = name.split("/")[-1].split("_")[0]
        videos.setdefault(person, face)
    names = sorted(set.intersection(*(set(videos) for videos in found.values())))
    if not names:  # people differ from method to method
        return [
            face
            for videos in found.values()
            for _, face in sorted(videos.items())[:people]
        ]
    return [found[m][name] for name in names[:people] for m in range(methods)]
