"""A row a face: what the model says, what is true, and how far they agree."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from fakeloc_tf import metrics
from fakeloc_tf.data import targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_bytes
from fakeloc_tf.models.scorer import Scorer

METHOD_PREFIX = "probability_"


def evaluate_model(
    score: Scorer,
    faces: tf.data.Dataset,
    *,
    image_size: int,
    classes: Sequence[str],
    fixed_mask: np.ndarray | None = None,
    model_classes: Sequence[str] = (),
    batch_size: int = 16,
) -> pd.DataFrame:
    """Scores every face of a split.

    Masks are compared at the model's input size: the true one is brought there by
    area and thresholded at 0.5, as the map is.

    Args:
        score: see `models.scorer.as_scorer`.
        faces: parsed records (`data.dataset.load_split`).
        image_size: side S of the model's input.
        classes: names of the data set's methods, index 0 = pristine.
        fixed_mask: bool [S, S], the mean training mask; None leaves its columns out.
        model_classes: names of the model's methods, if it is five-way.

    Returns:
        `dataset`, `video_id`, `method`, `frame`, `label`, `quality`, `probability`,
        `mask_valid`, pixel counts (`pixels`, `true_pixels`, `predicted_pixels`,
        `intersection`, `union`), `true_fraction`, `predicted_fraction`, `iou`, `pbca`,
        `iinc`, the fixed mask's `fixed_intersection`, `fixed_union`, `fixed_iou` and,
        of a five-way model, `probability_<method>`. `iou`, `pbca`, `iinc` and
        `fixed_iou` are NaN where the mask is not valid; what compares with a predicted
        mask is NaN everywhere of a model that predicts none.
    """

    def prepare(face: dict[str, Any]) -> dict[str, Any]:
        size = (image_size, image_size)
        mask = targets.soft_mask(face["mask"], size)
        return {
            **{k: v for k, v in face.items() if k not in ("mask", "noise")},
            "image": targets.model_input(face["image"], image_size),
            "true_mask": mask[..., 0] >= metrics.MASK_THRESHOLD,
        }

    batches = faces.map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
    parts = []
    for batch in batches.batch(batch_size).prefetch(tf.data.AUTOTUNE):
        face = {name: value.numpy() for name, value in batch.items() if name != "image"}
        scores = {name: v.numpy() for name, v in score(batch["image"]).items()}
        parts.append(_rows(face, scores, classes, fixed_mask, model_classes))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _rows(
    face: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
    classes: Sequence[str],
    fixed_mask: np.ndarray | None,
    model_classes: Sequence[str],
) -> pd.DataFrame:
    """The rows of one batch."""
    true = face["true_mask"]
    rows = pd.DataFrame(
        {name: _text(face[name]) for name in ("dataset", "video_id", "quality")}
        | {
            "method": [classes[index] for index in face["method"]],
            "frame": face["frame"],
            "label": face["label"],
            "probability": scores["probability"][:, 0],
            "mask_valid": face["mask_valid"].astype(bool),
            "pixels": true[0].size,
            "true_pixels": true.sum((1, 2)),
            "true_fraction": true.mean((1, 2)),
        }
        | _comparison(scores.get("localization"), true)
    )
    compared = ["iou", "pbca", "iinc"]
    if fixed_mask is not None:
        rows["fixed_intersection"] = (true & fixed_mask).sum((1, 2))
        rows["fixed_union"] = (true | fixed_mask).sum((1, 2))
        rows["fixed_iou"] = metrics.iou(np.broadcast_to(fixed_mask, true.shape), true)
        compared.append("fixed_iou")
    rows.loc[~rows["mask_valid"], compared] = np.nan
    for index, name in enumerate(model_classes):
        rows[METHOD_PREFIX + name] = scores["method_probabilities"][:, index]
    return rows


def _comparison(localization: np.ndarray | None, true: np.ndarray) -> dict[str, Any]:
    """Columns that compare the predicted masks with the true ones.

    Args:
        localization: float32 [N, S, S, 1] in 0..1; None: the model makes no masks.
        true: bool [N, S, S].
    """
    if localization is None:
        columns = ("predicted_pixels", "predicted_fraction", "intersection", "union")
        return dict.fromkeys((*columns, "iou", "pbca", "iinc"), np.nan)
    predicted = localization[..., 0] >= metrics.MASK_THRESHOLD
    return {
        "predicted_pixels": predicted.sum((1, 2)),
        "predicted_fraction": predicted.mean((1, 2)),
        "intersection": (true & predicted).sum((1, 2)),
        "union": (true | predicted).sum((1, 2)),
        "iou": metrics.iou(predicted, true),
        "pbca": metrics.pbca(predicted, true),
        "iinc": metrics.iinc(predicted, true),
    }


def _text(values: np.ndarray) -> list[str]:
    """UTF-8 bytes to text."""
    return [value.decode() for value in values]


def write(predictions: pd.DataFrame, path: Path) -> None:
    """Writes the rows as Parquet: whole, or not at all."""
    write_bytes(path, predictions.to_parquet(index=False))


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Reads rows back.

    Raises:
        FakelocError: the file is missing or no Parquet.
    """
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
