"""A run's detector as one scoring function: what evaluation and serving share."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf import config as configuration
from fakeloc_tf import shipped
from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import detector as detectors
from fakeloc_tf.models.calibration import read_calibration

log = logging.getLogger(__name__)

# float32 [B, S, S, 3] in 0..255 → named tensors, see `score_faces`.
Scorer = Callable[[tf.Tensor], dict[str, tf.Tensor]]


def score_faces(model: keras.Model, faces: tf.Tensor) -> dict[str, tf.Tensor]:
    """What every user of a model sees of it: here, exported and served.

    Args:
        model: `models.detector.inference_model`.
        faces: float32 [B, S, S, 3] in 0..255.

    Returns:
        `probability` float32 [B, 1] of being manipulated, calibrated where the run is
        (the `method_probabilities` never are); with semantic heads
        `localization` float32 [B, S, S, 1] in 0..1 (Eq. 8); from a five-way model
        `method_probabilities` float32 [B, classes].
    """
    outputs = model(faces, training=False)
    names = ("probability", "localization")
    scores = {name: outputs[name] for name in names if name in outputs}
    if "method" in outputs:
        scores["method_probabilities"] = tf.nn.softmax(outputs["method"])
    return scores


def load_run(
    model: shipped.Given = None, *, calibrated: bool = True
) -> tuple[keras.Model, Config, dict[str, Any]]:
    """The inference model, configuration and metrics of a run.

    Args:
        model: a run folder, a `.keras` file in it, or the name of a shipped model;
            None = the default one.
        calibrated: the probability with the temperature of `calibration.json`, and the
            `validation_threshold` on that scale, where there is one.

    Returns:
        (`inference_model`, configuration, metrics.json or an empty dict).

    Raises:
        FakelocError: a file is missing or cannot be read, or a shipped model is not as
            it was released.
    """
    path = shipped.checked(model)
    run = path.parent if path.suffix == ".keras" else path
    weights = path if path.suffix == ".keras" else run / "best.keras"
    for needed in (weights, run / "config.yaml"):
        if not needed.is_file():
            raise FakelocError(f"{needed} is missing; is {run} the folder of a run?")
    config = configuration.load(run / "config.yaml")
    calibration = read_calibration(path) if calibrated else None
    if calibrated and calibration is None:
        log.warning(
            "%s is not calibrated: its probabilities rank faces, but do not say how "
            "often such a face is fake; see `fakeloc calibrate --help`",
            weights,
        )
    inference = detectors.inference_model(
        detectors.load_detector(weights),
        config.model,
        temperature=calibration.temperature if calibration else 1.0,
    )
    if "probability" not in inference.output:
        raise FakelocError(
            f"{weights} has no classifier: it is of step 1 of the training; "
            "use the best.keras of step 2"
        )
    found = read_metrics(run)
    if calibration is not None:
        found |= {"validation_threshold": calibration.validation_threshold}
    return inference, config, found


def require_localization(model: keras.Model, where: str | os.PathLike[str]) -> None:
    """Raises a FakelocError unless the inference model can locate what it detects.

    Args:
        where: the model came from, for the message.
    """
    if "localization" not in model.output:
        raise FakelocError(
            f"{where} has no semantic heads: it cannot locate manipulated regions; "
            "score it with `fakeloc evaluate`, or train with semantic among "
            "model.heads"
        )


def as_scorer(model: keras.Model) -> Scorer:
    """`score_faces` as one graph for every batch size."""
    size = model.input_shape[1]
    spec = tf.TensorSpec([None, size, size, 3], tf.float32, name="faces")
    return tf.function(lambda faces: score_faces(model, faces), input_signature=[spec])


def read_metrics(run: Path) -> dict[str, Any]:
    """metrics.json of a run; empty where training has not written one yet."""
    path = run / "metrics.json"
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise FakelocError(f"{path} is not JSON: {error}") from error
