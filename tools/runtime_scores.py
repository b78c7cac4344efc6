"""What the answers of an engine are worth, and how far they are from Keras'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.crops import model_crop
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import bootstrap, predictions, summary
from fakeloc_tf.evaluation.mask_summary import localization

Answers = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class TestFaces:
    """Faces of the test split.

    Attributes:
        parsed: the records (`data.records.parse`), in one order.
        classes: names of the data set's methods.
    """

    parsed: tf.data.Dataset
    classes: list[str]

    def crops(self, side: int) -> np.ndarray:
        """uint8 [N, side, side, 3]."""
        images = (face["image"].numpy() for face in self.parsed)
        return np.stack([model_crop(image, side) for image in images])


def read_faces(records: Path, most: int, seed: int = 0) -> TestFaces:
    """At most that many faces of the split, drawn at random.

    Not every n-th: where the records take turns, that would be one class only.

    Raises:
        FakelocError: there are no such records, or the faces are all of one class.
    """
    with dataset.explain_broken_records(records, "test"):
        faces = dataset.load_split(records, "test")
        labels = np.array([face["label"].numpy() for face in faces])
    drawn = np.random.default_rng(seed).permutation(len(labels))[:most]
    if len(np.unique(labels[drawn])) < 2:
        raise FakelocError(
            f"{records}: the {len(drawn)} faces drawn of {len(labels)} are not of both "
            "classes; give more --faces"
        )
    keep = tf.constant(np.isin(np.arange(len(labels)), drawn))
    kept = faces.enumerate().filter(lambda index, _: keep[index])
    return TestFaces(
        kept.map(lambda _, face: face), prepared.dataset_info(records)["classes"]
    )


def rows_of(answers: Answers, faces: TestFaces, image_size: int) -> pd.DataFrame:
    """The rows of `predictions.evaluate_model`, from answers that are there already."""
    at = 0

    def replay(images: tf.Tensor) -> dict[str, tf.Tensor]:
        nonlocal at
        part = slice(at, at + len(images))
        at = part.stop
        return {name: tf.constant(value[part]) for name, value in answers.items()}

    parts = predictions.evaluate_model(
        replay, faces.parsed, image_size=image_size, classes=faces.classes
    )
    return pd.concat(list(parts), ignore_index=True)


def compare(
    rows: pd.DataFrame,
    keras_rows: pd.DataFrame,
    resamples: int = bootstrap.RESAMPLES,
) -> dict[str, float]:
    """AUC and IoU of an engine, and by how much Keras' are lower, both of one draw.

    Args:
        rows: of the engine.
        keras_rows: of Keras, of the same faces in the same order.
        resamples: of the videos.

    Returns:
        `auc` (of frames), `iou` (mean over the fakes with a usable mask), and for each
        `<name>_change` from Keras with `<name>_change_low`, `_high`: the 95% interval
        of the paired bootstrap over videos; absent where there is none.
    """
    own, keras = (_metrics(part, resamples) for part in (rows, keras_rows))
    weights = own.pop("weights")
    keras.pop("weights")
    changes = {name: own[name] - keras[name] for name in own}
    found: dict[str, float] = {}
    for name, (low, high) in bootstrap.intervals(changes, weights).items():
        found |= {f"{name}_change_low": low, f"{name}_change_high": high}
    for name, value in own.items():
        found |= {name: float(value[0]), f"{name}_change": float(changes[name][0])}
    return found


def _metrics(rows: pd.DataFrame, resamples: int) -> dict[str, np.ndarray]:
    """float64 [1 + R] each, and the weights of the videos."""
    frames, _ = summary.samples(rows, resamples, bootstrap.SEED)
    return {
        "auc": summary.detection(frames, None)["auc"],
        "iou": localization(frames)["iou_image_fakes"],
        "weights": frames.weights,
    }


def differences(answers: Answers, keras: Answers) -> dict[str, float]:
    """Largest and mean absolute difference of the probability and of the map."""
    found = {}
    for name, short in (("probability", "p"), ("localization", "map")):
        off = np.abs(answers[name].astype(np.float64) - keras[name])
        found |= {
            f"{short}_largest": float(off.max()),
            f"{short}_mean": float(off.mean()),
        }
    return found
