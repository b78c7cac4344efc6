"""A row a face: what the model says, what is true, and how far they agree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

# Before 14.0.1 a Parquet file can name code that pyarrow runs (CVE-2023-47248).
import pyarrow_hotfix  # noqa: F401
import tensorflow as tf
from pyarrow import parquet

from fakeloc_tf import metrics
from fakeloc_tf.data import targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.pixel_scores import PixelScores
from fakeloc_tf.files import new_file
from fakeloc_tf.models.scorer import Scorer

METHOD_PREFIX = "probability_"
# NaN where the true mask is not usable.
COMPARED = (
    *("iou", "f1", "pbca", "iinc", "pixel_auc", "pixel_auc_error"),
    *("fixed_iou", "fixed_pixel_auc"),
)
# NaN of a model that predicts no masks.
PREDICTED = (
    *("predicted_pixels", "predicted_fraction", "intersection", "union"),
    *("iou", "f1", "pbca", "iinc", "pixel_auc", "pixel_auc_error"),
)
# Rows of a row group, at least: 10 MB in memory, and few enough groups to read fast.
GROUP_ROWS = 50_000


def evaluate_model(
    score: Scorer,
    faces: tf.data.Dataset,
    *,
    image_size: int,
    classes: Sequence[str],
    fixed_mask: np.ndarray | None = None,
    model_classes: Sequence[str] = (),
    batch_size: int = 16,
    pixels: PixelScores | None = None,
) -> Iterator[pd.DataFrame]:
    """Scores every face of a split, a batch at a time; maps are not kept.

    Masks are compared at the model's input size: the true one is brought there by
    area and thresholded at 0.5, as the map is.

    Args:
        score: see `models.scorer.as_scorer`.
        faces: parsed records (`data.dataset.load_split`).
        image_size: side S of the model's input.
        classes: names of the data set's methods, index 0 = pristine.
        fixed_mask: float32 [S, S] in 0..1, the mean training mask; from 0.5 on it is
            a mask. None leaves its columns out.
        model_classes: names of the model's methods, if it is five-way.
        pixels: to which the values of the maps are added.

    Yields:
        `dataset`, `video_id`, `method`, `frame`, `label`, `quality`, `probability`,
        `mask_valid`, pixel counts (`pixels`, `true_pixels`, `predicted_pixels`,
        `intersection`, `union`), `true_fraction`, `predicted_fraction`, `iou`, `f1`,
        `pbca`, `iinc`, `pixel_auc` with `pixel_auc_error` (see
        `metrics.histogram_auc`), the fixed mask's `fixed_intersection`, `fixed_union`,
        `fixed_iou`, `fixed_pixel_auc` and, of a five-way model, `probability_<method>`.
        What compares masks is NaN where the mask is not valid, the pixel AUC also where
        it has pixels of one kind only; what compares with a predicted mask is NaN
        everywhere of a model that predicts none.
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
    for batch in batches.batch(batch_size).prefetch(tf.data.AUTOTUNE):
        face = {name: value.numpy() for name, value in batch.items() if name != "image"}
        scores = {name: v.numpy() for name, v in score(batch["image"]).items()}
        yield _rows(face, scores, classes, fixed_mask, model_classes, pixels)


def _rows(
    face: Mapping[str, np.ndarray],
    scores: Mapping[str, np.ndarray],
    classes: Sequence[str],
    fixed_mask: np.ndarray | None,
    model_classes: Sequence[str],
    pixels: PixelScores | None,
) -> pd.DataFrame:
    """The rows of one batch."""
    true = face["true_mask"]
    valid = face["mask_valid"].astype(bool)
    maps = {}
    if "localization" in scores:
        maps["model"] = scores["localization"][..., 0]
    if fixed_mask is not None:
        maps["fixed_mask"] = fixed_mask
    columns, histograms = compare_maps(maps, true)
    if pixels is not None:
        for whose, counts in histograms.items():
            pixels.add(whose, counts, face["label"], valid)
    rows = pd.DataFrame(
        {name: _text(face[name]) for name in ("dataset", "video_id", "quality")}
        | {
            "method": [classes[index] for index in face["method"]],
            "frame": face["frame"],
            "label": face["label"],
            "probability": scores["probability"][:, 0],
            "mask_valid": valid,
            "pixels": true[0].size,
            "true_pixels": true.sum((1, 2)),
            "true_fraction": true.mean((1, 2)),
        }
        | dict.fromkeys(PREDICTED, np.nan)
        | columns
    )
    rows.loc[~valid, [name for name in COMPARED if name in rows]] = np.nan
    for index, name in enumerate(model_classes):
        rows[METHOD_PREFIX + name] = scores["method_probabilities"][:, index]
    return rows


def compare_maps(
    maps: Mapping[str, np.ndarray], true: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Compares the maps that there are with the true masks.

    Args:
        maps: `model` float [N, S, S] and `fixed_mask` float [S, S], in 0..1.
        true: bool [N, S, S].

    Returns:
        (columns of the rows, [N] each; the maps' `metrics.pixel_histogram`).
    """
    histograms = {
        whose: metrics.pixel_histogram(values, true) for whose, values in maps.items()
    }
    columns: dict[str, np.ndarray] = {}
    if "model" in maps:
        predicted = maps["model"] >= metrics.MASK_THRESHOLD
        intersection, union = areas = metrics.areas(predicted, true)
        size, true_pixels = true[0].size, true.sum((1, 2))
        columns |= {
            "predicted_pixels": predicted.sum((1, 2)),
            "predicted_fraction": predicted.mean((1, 2)),
            "intersection": intersection,
            "union": union,
            "iou": metrics.iou_of_areas(*areas),
            "f1": metrics.f1_of_areas(*areas),
            "pbca": metrics.pbca_of_areas(*areas, size),
            "iinc": metrics.iinc_of_areas(*areas, true_pixels, size),
            "pixel_auc": metrics.histogram_auc(histograms["model"]),
            "pixel_auc_error": metrics.histogram_auc_error(histograms["model"]),
        }
    if "fixed_mask" in maps:
        constant = maps["fixed_mask"] >= metrics.MASK_THRESHOLD
        intersection, union = metrics.areas(constant, true)
        columns |= {
            "fixed_intersection": intersection,
            "fixed_union": union,
            "fixed_iou": metrics.iou_of_areas(intersection, union),
            "fixed_pixel_auc": metrics.histogram_auc(histograms["fixed_mask"]),
        }
    return columns, histograms


def _text(values: np.ndarray) -> list[str]:
    """UTF-8 bytes to text."""
    return [value.decode() for value in values]


def write(parts: Iterable[pd.DataFrame], path: str | os.PathLike[str]) -> int:
    """Writes rows as Parquet: whole, or not at all; holds one row group in memory.

    Args:
        parts: tables of the same columns, of any lengths.
        path: of the file; not made without rows.

    Returns:
        Number of rows.
    """
    groups = _groups(parts)
    first = next(groups, None)
    if first is None:
        return 0
    count = 0
    with (
        new_file(path) as temporary,
        parquet.ParquetWriter(temporary, first.schema) as writer,
    ):
        for group in chain([first], groups):
            writer.write_table(group)
            count += len(group)
    return count


def _groups(parts: Iterable[pd.DataFrame]) -> Iterator[pa.Table]:
    """The parts joined to tables of at least `GROUP_ROWS` rows, but for the last."""
    held: list[pd.DataFrame] = []
    schema: pa.Schema | None = None
    for part in chain(parts, [None]):
        if part is not None:
            held.append(part)
        if held and (part is None or sum(map(len, held)) >= GROUP_ROWS):
            rows = pd.concat(held, ignore_index=True)
            group = pa.Table.from_pandas(rows, schema=schema, preserve_index=False)
            schema = group.schema
            held = []
            yield group


def read(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Reads rows back.

    Raises:
        FakelocError: the file is missing or no Parquet.
    """
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
