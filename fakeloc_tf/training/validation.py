"""What the trainer looks at after each epoch: validation results and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf import metrics
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.models import fusion
from fakeloc_tf.training.eval_step import make_eval_step, semantic_maps

PICTURES = 8
THUMBNAIL = 48


class Watch:
    """Results and pictures of a model on the validation split.

    Args:
        model: the one that is validated; with or without a classifier.
        strategy: that it is trained under.
        batches: distributed `dataset.evaluation_batches` of the split.
        some_faces: at most how many faces → `dataset.spread_faces` of the split, for
            pictures.
        count: faces of the split; what `batches` has beyond it are repeats.
        weights: of Eq. 1.
        gamma: weights of Eq. 8.
        split: name of the data for messages.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        batches: Iterable[Any],
        some_faces: Callable[[int], tf.data.Dataset],
        count: int,
        weights: LossWeights,
        gamma: tuple[float, float, float],
        split: str,
    ) -> None:
        self.model = model
        self.faces: dict[str, np.ndarray] = {}
        self._batches = batches
        self._some_faces = some_faces
        self._count = count
        self._mask_weight = weights.mask
        self._gamma = gamma
        self._split = split
        self._eval_step = make_eval_step(model, strategy, weights, gamma)
        self._shown: Any = None

    def results(self) -> dict[str, float]:
        """`summarise` of a pass over the split, which stays in `faces`."""
        self.faces = self.measure()
        return self.summarise(self.faces)

    def summarise(self, faces: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Means of what `measure` gave.

        Returns:
            `val_loss` and its terms, `val_iou` (threshold 0.5, mean per image over
            fakes) and, with a classifier, `val_auc` and `val_accuracy` (frame,
            threshold 0.5).

        Raises:
            FakelocError: there is a classifier, but faces of one class only.
        """
        valid = faces["mask_valid"]
        results = {}
        for name in _terms(faces):
            # L_b is a mean over the faces that have a usable mask.
            total = valid.sum() if name.startswith("semantic") else len(valid)
            results[f"val_{name}"] = float(faces[name].sum() / max(total, 1.0))
        loss = faces["loss"]
        if "semantic" in faces:
            others = loss - self._mask_weight * faces["semantic"]
            results["val_loss"] = float(others.mean())
            results["val_loss"] += self._mask_weight * results["val_semantic"]
        else:
            results["val_loss"] = float(loss.mean())
        fakes = (faces["target"] > 0.5) & (valid > 0)
        if "iou" in faces and fakes.any():
            results["val_iou"] = float(faces["iou"][fakes].mean())
        if "probability" in faces:
            results |= self._detection(faces)
        return results

    def measure(self) -> dict[str, np.ndarray]:
        """A value a face, in the split's order: see `make_eval_step`, and `iou`."""
        parts = [self._eval_step(batch) for batch in self._batches]
        joined = {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}
        order = np.argsort(joined.pop("index"), kind="stable")[: self._count]
        faces = {name: values[order] for name, values in joined.items()}
        if "union" in faces:
            faces["iou"] = metrics.iou_of_areas(
                faces.pop("intersection"), faces.pop("union")
            )
        return faces

    def pictures(self) -> dict[str, np.ndarray]:
        """Some faces with their true and predicted mask and noise.

        Returns:
            `face` and, as the model has them, `mask/true`, `mask/predicted`,
            `noise/true`, `noise/predicted` (deep map, |W|/σ, clipped to 0..1): float32
            [N, S, S, 3 or 1] in 0..1.
        """
        if self._shown is None:
            self._shown = next(iter(self._some_faces(PICTURES)))
        images, targets = self._shown
        outputs = self.model(images, training=False)
        size = images.shape[1]
        pictures = {"face": images / 255.0}
        maps = semantic_maps(outputs)
        if maps:
            pictures["mask/true"] = targets["mask"]
            pictures["mask/predicted"] = fusion.fuse_maps(maps, self._gamma, size)
        if "noise_deep" in outputs:
            pictures["noise/true"] = _enlarged(targets["noise_deep"], size)
            pictures["noise/predicted"] = _enlarged(outputs["noise_deep"], size)
        return {name: np.clip(values, 0.0, 1.0) for name, values in pictures.items()}

    def features(
        self, count: int
    ) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]]] | None:
        """What the classifier's last layer sees of some faces.

        Returns:
            Features float32 [n, D], thumbnails uint8 [n, 48, 48, 3], and for each face
            `label`, `method` and `probability`; None without a classifier.
        """
        if "features" not in self.model.output:
            return None
        parts = [self._features_of(*batch) for batch in self._some_faces(count)]
        features, thumbnails, rows = zip(*parts, strict=True)
        return np.concatenate(features), np.concatenate(thumbnails), sum(rows, [])

    def _features_of(
        self, images: tf.Tensor, targets: Mapping[str, tf.Tensor]
    ) -> tuple[np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """`features` of a batch."""
        outputs = self.model(images, training=False)
        small = tf.image.resize(images, (THUMBNAIL, THUMBNAIL), antialias=True)
        values = zip(
            targets["label"][:, 0],
            targets["method"],
            tf.sigmoid(outputs["label"][:, 0]),
            strict=True,
        )
        return (
            np.asarray(outputs["features"], np.float32),
            np.clip(np.rint(small), 0, 255).astype(np.uint8),
            [
                {"label": int(label), "method": int(method), "probability": float(p)}
                for label, method, p in values
            ],
        )

    def _detection(self, faces: Mapping[str, np.ndarray]) -> dict[str, float]:
        """AUC and accuracy."""
        share = faces["target"].mean()
        if not 0 < share < 1:
            raise FakelocError(
                f"{self._split} holds {'fakes' if share else 'real faces'} only "
                f"({len(faces['target'])} faces), so that it has no AUC to choose the "
                "best model by; prepare it with faces of both classes"
            )
        if not np.isfinite(faces["probability"]).all():
            return {}  # the loss is not finite either, and the loop stops
        found = metrics.detection_metrics(faces["target"], faces["probability"])
        return {"val_auc": found["frame_auc"], "val_accuracy": found["frame_accuracy"]}


def _terms(faces: Mapping[str, np.ndarray]) -> list[str]:
    """Names of the loss terms among the measured values."""
    heads = ("classification", "method", "semantic", "noise")
    return [name for name in faces if name.startswith(heads)]


def _enlarged(maps: Any, size: int) -> np.ndarray:
    """float32 [N, h, w, 1] → [N, size, size, 1], each cell a square."""
    return np.stack(
        [
            cv2.resize(one, (size, size), interpolation=cv2.INTER_NEAREST)[..., None]
            for one in np.asarray(maps)
        ]
    )
