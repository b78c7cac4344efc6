"""Calibrates a finished run, and measures how calibrated predictions are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fakeloc_tf import shipped
from fakeloc_tf.config import Config
from fakeloc_tf.data import dataset, targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.protocol import check_preparation
from fakeloc_tf.models.calibration import Calibration, write_calibration
from fakeloc_tf.models.scorer import load_run
from fakeloc_tf.training.calibration import SPLIT, ScoredFaces, fit_calibration
from fakeloc_tf.training.provenance import read_provenance
from fakeloc_tf.training.rate_thresholds import Rate, WantedRates


def calibrate_run(
    run: Path,
    records: Path,
    split: str,
    batch_size: int,
    *,
    fpr: float | None = None,
    fnr: float | None = None,
) -> Calibration:
    """Fits temperature and thresholds on validation faces; writes them into the run.

    Args:
        run: folder with `best.keras` and `config.yaml`.
        records: folder that `pipelines.prepare` wrote.
        split: must be val: the model has learned the training faces by heart, and what
            is chosen on the test faces is no result on them any more.
        batch_size: faces at once.
        fpr: wanted false-positive rate; None = that of the run's config, which is left
            out where there are too few reals.
        fnr: wanted false-negative rate; None likewise.

    Raises:
        FakelocError: another split, a shipped model, too few faces (also for a given
            rate), or run and records are missing, broken, or do not fit together.
    """
    if (name := shipped.name_of(run)) is not None:
        raise FakelocError(
            f"{name} is shipped, and its calibration with it; copy its folder and "
            f"calibrate the copy: `cp -r {shipped.ROOT / name} runs/mine`"
        )
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
    scored = ScoredFaces(np.concatenate(labels), np.concatenate(logits), records)
    fitted = fit_calibration(scored, run / "best.keras", _wanted(config, fpr, fnr))
    write_calibration(fitted, run)
    return fitted


def _wanted(config: Config, fpr: float | None, fnr: float | None) -> WantedRates:
    """The run's rates, and those that the user asks for, which must be shown."""
    run = config.calibration
    given: dict[Rate, float | None] = {"fpr": fpr, "fnr": fnr}
    return WantedRates(
        fpr=run.false_positive_rate if fpr is None else fpr,
        fnr=run.false_negative_rate if fnr is None else fnr,
        required=[side for side, rate in given.items() if rate is not None],
    )
