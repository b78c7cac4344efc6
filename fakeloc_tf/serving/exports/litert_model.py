"""The export for LiteRT (once TensorFlow Lite), the runtime of phones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf.files import write_text
from fakeloc_tf.inference.loading import INFO_NAME, LITERT
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.exports.crop_graph import CropModel

# What LiteRT itself has. Keras' default allows TensorFlow's operations beside them,
# which would need a second library on the phone.
BUILTINS = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
# Name → attributes of `tf.lite.TFLiteConverter`.
QUANTIZATIONS: dict[str, dict[str, Any]] = {
    "none": {"target_spec": BUILTINS},
    # Weights float16, arithmetic float32.
    "float16": {
        "optimizations": [tf.lite.Optimize.DEFAULT],
        "target_spec": BUILTINS | {"supported_types": [tf.float16]},
    },
    # Weights int8 by channel, activations int8 by their range in each picture.
    "dynamic_range": {
        "optimizations": [tf.lite.Optimize.DEFAULT],
        "target_spec": BUILTINS,
    },
}


def write_litert(
    model: keras.Model, info: ModelInfo, folder: Path, quantization: str = "none"
) -> None:
    """Writes `model.tflite` and `fakeloc.json` into `folder`, by Keras' own export.

    The signature `serving_default` takes one crop, uint8 [1, C, C, 3]: with a fixed
    batch every shape is known, and the delegate that does the arithmetic takes the
    whole graph.

    Args:
        model: `models.detector.inference_model`.
        info: written beside the model, with the quantisation.
        folder: exists.
        quantization: a key of `QUANTIZATIONS`.

    Raises:
        FakelocError: Keras cannot export, or the model has no semantic heads.
    """
    CropModel(model, info).write(
        folder / LITERT, "litert", batch=1, **QUANTIZATIONS[quantization]
    )
    described = replace(info, quantization=quantization)
    write_text(folder / INFO_NAME, described.to_json() + "\n")
