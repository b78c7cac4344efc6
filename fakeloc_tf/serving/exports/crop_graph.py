"""Crop to scores as one model, of operations that every engine has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.scorer import require_localization, score_faces

CROPS = "crops"


class CropModel(keras.Model):
    """What the exports for ONNX Runtime, OpenVINO and LiteRT hold.

    uint8 [N, C, C, 3] crops → `score_faces`' outputs, with the preprocessing inside.
    It is a model of its own since Keras' export takes nothing less.

    Args:
        detector: `models.detector.inference_model`.
        info: sizes of the crops and of the model's input.

    Raises:
        FakelocError: the model has no semantic heads.
    """

    def __init__(self, detector: keras.Model, info: ModelInfo):
        require_localization(detector, f"the model of the run {info.name!r}")
        super().__init__(name="crops_to_scores")
        self.detector = detector
        self.side = side = info.crop_size
        # NumPy's: tf2onnx takes a tensor from outside the function for a second input.
        self.resizing = (
            None
            if side == info.image_size
            else resizing_matrix(side, info.image_size).numpy()
        )
        # It has no weights but the detector's, which are there.
        self.built = True

    def call(
        self, crops: tf.Tensor, training: bool | None = None
    ) -> dict[str, tf.Tensor]:
        """uint8 [N, C, C, 3] → named tensors; `training` changes nothing."""
        faces = tf.cast(crops, tf.float32)
        if self.resizing is not None:
            faces = tf.einsum("sh,nhwc->nswc", self.resizing, faces)
            faces = tf.einsum("tw,nswc->nstc", self.resizing, faces)
        return score_faces(self.detector, faces)

    def write(
        self, path: Path, format: str, batch: int | None = None, **options: Any
    ) -> None:
        """By Keras' own export.

        Args:
            path: of the file.
            format: `onnx`, `openvino` or `litert`.
            batch: crops at once; None = any number.
            options: of `keras.Model.export` for this format.

        Raises:
            FakelocError: this Keras has no such export, or it fails.
        """
        shape = [batch, self.side, self.side, 3]
        signature = [tf.TensorSpec(shape, tf.uint8, name=CROPS)]
        try:
            self.export(
                str(path),
                format=format,
                verbose=False,
                input_signature=signature,
                **options,
            )
        except ValueError as error:
            raise FakelocError(
                f"Keras {keras.__version__} cannot export the model to {format}: "
                f"{error}; the versions of tools/lock-py311.txt can"
            ) from error


def resizing_matrix(side: int, size: int) -> tf.Tensor:
    """`model_input` along one axis, as a matrix: float32 [size, side].

    Resizing with antialias is linear and the same along both axes, but none of the
    engines has TensorFlow's operation. Each unit vector goes through `model_input` as
    a channel of a picture of one column.
    """
    return model_input(tf.eye(side)[:, tf.newaxis, :], size)[:, 0, :]
