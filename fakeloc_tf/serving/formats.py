"""The formats of `fakeloc export`: who writes each, how near to Keras it must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.onnx_model import write_onnx
from fakeloc_tf.serving.openvino_model import write_openvino
from fakeloc_tf.serving.saved_model import write_saved_model


@dataclass(frozen=True)
class Format:
    """One kind of export.

    Attributes:
        write: puts a model and its description into an empty folder.
        tolerance: largest difference of a probability or of a value of the map.
    """

    write: Callable[[keras.Model, ModelInfo, Path], None]
    tolerance: float


FORMATS = {
    # The same operations in the same order.
    "saved_model": Format(write_saved_model, 1e-5),
    # Other code for the same operations.
    "onnx": Format(write_onnx, 1e-3),
    "openvino": Format(write_openvino, 1e-3),
}
