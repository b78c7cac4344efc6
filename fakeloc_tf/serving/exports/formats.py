"""The formats of `fakeloc export`: who writes each, how near to Keras it must be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.exports.litert_model import write_litert
from fakeloc_tf.serving.exports.onnx_model import write_onnx
from fakeloc_tf.serving.exports.openvino_model import write_openvino
from fakeloc_tf.serving.exports.saved_model import write_saved_model
from fakeloc_tf.serving.exports.verify import Difference


@dataclass(frozen=True)
class Format:
    """One kind of export.

    Attributes:
        write: puts a model and its description into an empty folder.
        tolerance: largest difference of a probability or of a value of the map.
        mean_tolerance: of the mean difference of each output.
        faces: to compare on.
        versioned: its folders are numbered, see `versions.version_folder`.
    """

    write: Callable[[keras.Model, ModelInfo, Path], None]
    tolerance: float
    mean_tolerance: float = math.inf
    faces: int = 8
    versioned: bool = False

    def accepts(self, differences: Iterable[Difference]) -> bool:
        """Whether all are within the tolerances; a NaN never is."""
        return all(
            found.largest <= self.tolerance and found.mean <= self.mean_tolerance
            for found in differences
        )


FORMATS = {
    # The same operations in the same order.
    "saved_model": Format(write_saved_model, 1e-5, versioned=True),
    # Other code for the same operations.
    "onnx": Format(write_onnx, 1e-3),
    "openvino": Format(write_openvino, 1e-3),
    "litert": Format(write_litert, 1e-3),
    # Each weight is off by up to 1/2048 of itself, in forty layers one after another.
    # Measured on 480 faces of one run: a value of a map off by at most 1.9e-2, by 3e-4
    # on average, a probability by 4e-3 and 7e-4. The bounds leave room for other runs.
    "litert_float16": Format(
        partial(write_litert, quantization="float16"), 5e-2, 3e-3, faces=64
    ),
    # No bound holds for every pixel of every face: an activation is off by up to 1/255
    # of the range of its whole picture, and a sigmoid that leans either way may follow.
    # What is refused is a model that is off everywhere, so that the thresholds chosen
    # on validation mean nothing. Measured on the same faces: at most 0.25, on average
    # 0.017 (probability) and 0.008 (map).
    "litert_dynamic_range": Format(
        partial(write_litert, quantization="dynamic_range"), 1.0, 0.05, faces=64
    ),
}


def format_of(name: str, quantization: str = "none") -> Format:
    """The entry of `FORMATS`.

    Args:
        name: `saved_model`, `onnx`, `openvino` or `litert`.
        quantization: a key of `litert_model.QUANTIZATIONS`.

    Raises:
        FakelocError: this format is not quantised.
    """
    key = name if quantization == "none" else f"{name}_{quantization}"
    if key not in FORMATS:
        raise FakelocError(
            f"--quantize {quantization}: only --format litert can be quantised, "
            f"not {name}"
        )
    return FORMATS[key]
