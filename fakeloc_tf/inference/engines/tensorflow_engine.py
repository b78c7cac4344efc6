"""TensorFlow: a run folder by Keras, or the SavedModel of an export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.engines.contract import OUTPUTS, CropScorer
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.run_info import info_of_run
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run, require_localization

# Signature of an export that takes faces at the model's size.
FACES = "predict_faces"


def load_keras(path: Path) -> tuple[CropScorer, ModelInfo]:
    """A run folder, or a `.keras` file beside its `config.yaml`.

    Raises:
        FakelocError: a file is missing or broken, or the model cannot locate.
    """
    model, config, metrics = load_run(path)
    require_localization(model, path)
    info = info_of_run(path, config, metrics)
    return crop_scorer(as_scorer(model), info.image_size), info


def load_saved_model(folder: Path, image_size: int) -> CropScorer:
    """The `predict_faces` signature of an export.

    Raises:
        FakelocError: the folder cannot be loaded or has no such signature.
    """
    try:
        loaded = tf.saved_model.load(str(folder))
        if FACES not in loaded.signatures:
            raise FakelocError(
                f"{folder} has no signature `{FACES}`: it is no export of this "
                "version; export the run again"
            )
    except (OSError, tf.errors.OpError) as error:
        raise FakelocError(f"{folder} cannot be loaded: {error}") from error

    def score(faces: tf.Tensor) -> dict[str, tf.Tensor]:
        # The signature is taken from `loaded` at each call: held alone, it would not
        # keep its variables alive.
        answers = loaded.signatures[FACES](faces=faces)
        return {name: answers[name] for name in answers if name in OUTPUTS}

    return crop_scorer(score, image_size)


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
