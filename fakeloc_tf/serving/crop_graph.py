"""Crop to scores as one graph, of operations that every engine has."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.scorer import require_localization, score_faces

CROPS = "crops"


def crop_graph(model: keras.Model, info: ModelInfo) -> tuple[Any, tf.TensorSpec]:
    """What the exports for ONNX Runtime and OpenVINO hold.

    Args:
        model: `models.detector.inference_model`.
        info: sizes of the crops and of the model's input.

    Returns:
        (a `tf.function` from uint8 [N, C, C, 3] crops to `score_faces`' outputs, with
        the preprocessing inside; the description of its input).

    Raises:
        FakelocError: the model has no semantic heads.
    """
    require_localization(model, f"the model of the run {info.name!r}")
    side, size = info.crop_size, info.image_size
    spec = tf.TensorSpec([None, side, side, 3], tf.uint8, name=CROPS)
    # NumPy's: tf2onnx takes a tensor from outside the function for a second input.
    resizing = None if side == size else resizing_matrix(side, size).numpy()

    def score(crops: tf.Tensor) -> dict[str, tf.Tensor]:
        faces = tf.cast(crops, tf.float32)
        if resizing is not None:
            faces = tf.einsum("sh,nhwc->nswc", resizing, faces)
            faces = tf.einsum("tw,nswc->nstc", resizing, faces)
        return score_faces(model, faces)

    return tf.function(score, input_signature=[spec]), spec


def resizing_matrix(side: int, size: int) -> tf.Tensor:
    """`model_input` along one axis, as a matrix: float32 [size, side].

    Resizing with antialias is linear and the same along both axes, but neither ONNX nor
    OpenVINO has TensorFlow's operation. Each unit vector goes through `model_input` as
    a channel of a picture of one column.
    """
    return model_input(tf.eye(side)[:, tf.newaxis, :], size)[:, 0, :]
