"""What the trainer looks at after each epoch: validation results and pictures."""

from __future__ import annotations

from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf import losses, metrics
from fakeloc_tf.config import LossConfig
from fakeloc_tf.models import fusion
from fakeloc_tf.models.backbones import TAPS
from fakeloc_tf.training.steps import make_eval_step

PICTURES = 8


class Watch:
    """Results and pictures of a model on the validation split.

    Args:
        model: the model in training; with or without a classifier.
        strategy: that it is trained under.
        batches: `dataset.evaluation_batches` of the split.
        loss: weights of Eq. 1.
        gamma: weights of Eq. 8.
    """

    def __init__(
        self,
        model: keras.Model,
        strategy: tf.distribute.Strategy,
        batches: tf.data.Dataset,
        loss: LossConfig,
        gamma: tuple[float, float, float],
    ) -> None:
        self._strategy = strategy
        self._batches = batches
        self._loss = loss
        self._gamma = gamma
        self._eval_step = make_eval_step(model, strategy)
        self._model = model
        self._shown: Any = None

    def results(self) -> dict[str, float]:
        """`summarise` of a pass over the split."""
        return self.summarise(self.measure())

    def summarise(self, faces: dict[str, np.ndarray]) -> dict[str, float]:
        """Means of what `measure` gave.

        Returns:
            `val_loss` and its terms, `val_iou` (threshold 0.5, mean per image over
            fakes) and, with a classifier and both classes, `val_auc` (frame).
        """
        valid, semantic = faces["mask_valid"], faces["semantic"]
        fakes = (faces["target"] > 0.5) & (valid > 0)
        results = {
            f"val_{name}": float(faces[name].mean())
            for name in ("classification", "method", "noise")
            if name in faces
        }
        # L_b is a mean over the faces that have a usable mask.
        results["val_semantic"] = float(semantic.sum() / max(valid.sum(), 1.0))
        others = float((faces["loss"] - self._loss.mask * semantic).mean())
        results["val_loss"] = others + self._loss.mask * results["val_semantic"]
        if fakes.any():
            results["val_iou"] = float(faces["iou"][fakes].mean())
        if "probability" in faces and 0 < faces["target"].mean() < 1:
            results["val_auc"] = metrics.detection_metrics(
                faces["target"], faces["probability"]
            )["frame_auc"]
        return results

    def measure(self) -> dict[str, np.ndarray]:
        """A value a face: `target`, `mask_valid`, `iou`, losses, `probability`."""
        parts = [
            self._measure(self._eval_step(batch))
            for batch in self._strategy.experimental_distribute_dataset(self._batches)
        ]
        return {
            name: np.concatenate([part[name] for part in parts]) for name in parts[0]
        }

    def pictures(self) -> dict[str, np.ndarray]:
        """Some faces with their true and predicted mask and noise.

        Returns:
            `face`, `mask/true`, `mask/predicted` and, with noise heads, `noise/true`,
            `noise/predicted` (deep map, |W|/σ, clipped to 0..1): float32
            [N, S, S, 3 or 1] in 0..1.
        """
        if self._shown is None:
            self._shown = _spread(self._batches)
        images, targets = self._shown
        outputs = self._model(images, training=False)
        size = images.shape[1]
        pictures = {
            "face": images / 255.0,
            "mask/true": targets["mask"],
            "mask/predicted": fusion.fuse_maps(_semantic(outputs), self._gamma, size),
        }
        if "noise_deep" in outputs:
            pictures["noise/true"] = _enlarged(targets["noise_deep"], size)
            pictures["noise/predicted"] = _enlarged(outputs["noise_deep"], size)
        return {name: np.clip(values, 0.0, 1.0) for name, values in pictures.items()}

    def _measure(self, results: dict[str, tf.Tensor]) -> dict[str, np.ndarray]:
        """One batch of `measure`."""
        targets = {
            name.removeprefix("target_"): value
            for name, value in results.items()
            if name.startswith("target_")
        }
        terms = losses.total_loss(
            results,
            targets,
            noise_weight=self._loss.noise,
            mask_weight=self._loss.mask,
            valid_share=1.0,
        )
        del terms["mask_weight"]
        true = targets["mask"].numpy()[..., 0]
        predicted = fusion.fuse_maps(_semantic(results), self._gamma, true.shape[1])
        measured = {
            "loss": terms.pop("total"),
            **terms,
            "target": targets["label"][:, 0],
            "mask_valid": targets["mask_valid"],
            "iou": metrics.iou(np.asarray(predicted)[..., 0] >= 0.5, true >= 0.5),
        }
        if "label" in results:
            measured["probability"] = tf.sigmoid(results["label"])[:, 0]
        return {name: np.asarray(values) for name, values in measured.items()}


def _semantic(outputs: dict[str, Any]) -> dict[str, Any]:
    return {tap: outputs[f"semantic_{tap}"] for tap in TAPS}


def _enlarged(maps: Any, size: int) -> np.ndarray:
    """float32 [N, h, w, 1] → [N, size, size, 1], each cell a square."""
    return np.stack(
        [
            cv2.resize(one, (size, size), interpolation=cv2.INTER_NEAREST)[..., None]
            for one in np.asarray(maps)
        ]
    )


def _spread(batches: tf.data.Dataset) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """A batch of PICTURES faces, evenly spread over the split."""
    count = sum(len(images) for images, _ in batches)
    every = max(count // PICTURES, 1)
    faces = batches.unbatch().shard(every, 0).take(PICTURES).batch(PICTURES)
    return next(iter(faces))
