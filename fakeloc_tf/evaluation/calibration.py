"""Calibrates a finished run, and measures how calibrated predictions are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import dataset, targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.protocol import check_preparation
from fakeloc_tf.models.calibration import Calibration, write_calibration
from fakeloc_tf.models.scorer import load_run
from fakeloc_tf.training.calibration import SPLIT, ScoredFaces, fit_calibration
from fakeloc_tf.training.provenance import read_provenance


def calibrate_run(
    run: Path, records: Path, split: str, fpr: float | None, batch_size: int
) -> Calibration:
    """Fits temperature and thresholds on validation faces; writes them into the run.

    Args:
        run: folder with `best.keras` and `config.yaml`.
        records: folder that `pipelines.prepare` wrote.
        split: must be val: the model has learned the training faces by heart, and what
            is chosen on the test faces is no result on them any more.
        fpr: wanted false-positive rate; None = that of the run's config.
        batch_size: faces at once.

    Raises:
        FakelocError: another split, too few faces, or run and records are missing,
            broken, or do not fit together.
    """
    if split != SPLIT:
        raise FakelocError(
            f"calibration on the split {split!r} is refused: what is chosen on faces "
            f"holds no more for results on them; use --split {SPLIT}"
        )
    model, config, _ = load_run(run, calibrated=False)
    check_preparation(run, config, read_provenance(run), records, allowed=False)

    def prepare(face: dict[str, Any]) -> tuple[tf.Tensor, tf.Tensor]:
        image = targets.model_input(face["image"], config.model.image_size)
        return image, face["label"]

    @tf.function(reduce_retracing=True)
    def logit(images: tf.Tensor) -> tf.Tensor:
        return model(images, training=False)["label"][:, 0]

    faces = dataset.load_split(records, split)
    batches = faces.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size)
    labels, logits = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    with dataset.explain_broken_records(records, split):
        for images, label in batches.prefetch(tf.data.AUTOTUNE):
            labels.append(label.numpy())
            logits.append(logit(images).numpy())
    rate = config.calibration.false_positive_rate if fpr is None else fpr
    scored = ScoredFaces(np.concatenate(labels), np.concatenate(logits), records)
    fitted = fit_calibration(scored, run / "best.keras", rate)
    write_calibration(fitted, run)
    return fitted
