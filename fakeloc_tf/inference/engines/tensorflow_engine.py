"""TensorFlow: a run folder by Keras, or the SavedModel of an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import model_info
from fakeloc_tf.inference.engines.contract import CropScorer
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.calibration import read_calibration
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run, require_localization
from fakeloc_tf.training.provenance import people_trained_on

FACES = "serving_default"


def load_keras(path: Path) -> tuple[CropScorer, ModelInfo]:
    """A run folder, or a `.keras` file beside its `config.yaml`.

    Raises:
        FakelocError: a file is missing or broken, or the model cannot locate.
    """
    model, config, metrics = load_run(path)
    require_localization(model, path)
    people = people_trained_on(path)
    info = model_info.from_config(config, metrics, read_calibration(path), people)
    return crop_scorer(as_scorer(model), info.image_size), info


def load_saved_model(folder: Path, image_size: int) -> CropScorer:
    """The `serving_default` signature of an export.

    Raises:
        FakelocError: the folder cannot be loaded or has no such signature.
    """
    try:
        loaded = tf.saved_model.load(str(folder))
        if FACES not in loaded.signatures:
            raise FakelocError(f"{folder} has no signature `{FACES}`")
    except (OSError, tf.errors.OpError) as error:
        raise FakelocError(f"{folder} cannot be loaded: {error}") from error
    # The signature is taken from `loaded` at each call: held alone, it would not keep
    # its variables alive.
    return crop_scorer(lambda faces: loaded.signatures[FACES](faces=faces), image_size)


def crop_scorer(score: Scorer, image_size: int) -> CropScorer:
    """Puts the preprocessing before a scoring function of `models.scorer`.

    Args:
        score: float32 [N, S, S, 3] in 0..255 → named tensors.
        image_size: S.
    """

    def run(crops_uint8: np.ndarray) -> dict[str, np.ndarray]:
        scores = score(model_input(crops_uint8, image_size))
        return {name: value.numpy() for name, value in scores.items()}

    return run
