"""Made faces of people that nobody trained on: figures, and the worst mistakes.

The people are those of the demo's test split: their portraits are in the public domain,
and each fake is made from its own portrait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from shipped_numbers import count_faces, face_figures

from fakeloc_tf.data import targets
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.data.portraits import Portrait
from fakeloc_tf.evaluation.face_drawing import draw_face
from fakeloc_tf.evaluation.figure_files import png_bytes
from fakeloc_tf.evaluation.predictions import compare_maps
from fakeloc_tf.files import write_bytes
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.metrics import MASK_THRESHOLD

# Not a number of an epoch in training, and another than `prepare` takes.
_NO_EPOCH = 1_000_001
SHOWN = 4


@dataclass(frozen=True)
class ScoredFaces:
    """Made faces and what the detector says of them, N of each.

    Attributes:
        rows: as of `evaluate_model`, with `portrait` and `pair`.
        images_uint8: [N, C, C, 3].
        true: float32 [N, S, S] in 0..1.
        predicted: float32 [N, S, S] in 0..1.
    """

    rows: pd.DataFrame
    images_uint8: np.ndarray
    true: np.ndarray
    predicted: np.ndarray


def score_made(
    detector: Detector,
    portraits: Sequence[Portrait],
    pairs: int,
    trained_on: Sequence[Portrait] | None = None,
) -> ScoredFaces:
    """Makes pairs of a real and a fake face and scores them.

    Args:
        detector: scores the faces.
        portraits: of people that were not trained on.
        pairs: how many.
        trained_on: as of `FaceMaker`.
    """
    maker = FaceMaker(portraits, detector.info.crop_size, trained_on)
    made = [maker.pair((0, _NO_EPOCH, number)) for number in range(pairs)]
    faces = [face for pair in made for face in (pair.real, pair.fake)]
    images = np.stack([face.image_uint8 for face in faces])
    scores = detector.detect_faces(images)
    size = scores.localization.shape[1:]
    masks = np.stack([face.mask_uint8[..., None] for face in faces])
    true = targets.soft_mask(masks, size).numpy()[..., 0]
    changed = true >= MASK_THRESHOLD
    columns, _ = compare_maps({"model": scores.localization}, changed)
    label = np.arange(2 * pairs) % 2
    names = [portraits[pair.person].path.name for pair in made]
    rows = pd.DataFrame(
        {
            "dataset": "made",
            "portrait": np.repeat(names, 2),
            "video_id": np.repeat(names, 2),
            "pair": np.repeat(np.arange(pairs), 2),
            "method": np.array(["pristine", "fake"])[label],
            "frame": np.arange(2 * pairs),
            "label": label,
            "probability": scores.probability,
            "mask_valid": True,
            "pixels": changed[0].size,
            "true_pixels": changed.sum((1, 2)),
        }
        | columns
    )
    return ScoredFaces(rows, images, true, scores.localization)


def made_figures(made: ScoredFaces, threshold: float) -> dict[str, Any]:
    """Counts, figures and the worst mistakes, for `figures.json`."""
    rows = made.rows
    people = {"people": int(rows["portrait"].nunique())}
    worst = {
        kind: [_mistake(rows.loc[place]) for place in places]
        for kind, places in _worst(rows).items()
    }
    figures = face_figures(rows, threshold)
    return people | count_faces(rows) | {"figures": figures, "worst": worst}


def draw_worst(made: ScoredFaces, path: Path) -> None:
    """Writes a PNG: a row of the reals scored highest, one of the fakes scored lowest.

    White is the true outline, red the predicted region.
    """
    figure_ = Figure(figsize=(2.4 * SHOWN, 5.6), layout="constrained")
    axes = figure_.subplots(2, SHOWN, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    size = made.true.shape[1]
    for row, (kind, places) in zip(axes, _worst(made.rows).items(), strict=True):
        for axis, place in zip(row, places, strict=False):
            image = targets.model_input(made.images_uint8[place], size).numpy()
            face = image.round().astype(np.uint8)
            draw_face(axis, face, made.true[place], made.predicted[place])
            mistake = _mistake(made.rows.loc[place])
            title = f"{kind}: {mistake['probability']:.2f}\n{mistake['portrait']}"
            axis.set_title(title, fontsize=9)
    write_bytes(path, png_bytes(figure_))


def _worst(rows: pd.DataFrame) -> dict[str, list[int]]:
    """Places of the reals scored highest and of the fakes scored lowest."""
    score = rows["probability"].where(rows["label"] == 1, -rows["probability"])
    return {
        name: list(score[rows["label"] == label].nsmallest(SHOWN).index)
        for name, label in (("real", 0), ("fake", 1))
    }


def _mistake(row: pd.Series) -> dict[str, Any]:
    names = {"portrait": str(row["portrait"]), "pair": int(row["pair"])}
    marked = float(row["predicted_fraction"])
    score = {"probability": float(row["probability"]), "marked": marked}
    return names | score | ({"iou": float(row["iou"])} if row["label"] else {})
