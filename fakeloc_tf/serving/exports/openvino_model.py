"""The export for OpenVINO."""

from __future__ import annotations

from pathlib import Path

import keras

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.loading import INFO_NAME, OPENVINO
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.exports.crop_graph import CropModel


def write_openvino(model: keras.Model, info: ModelInfo, folder: Path) -> None:
    """Writes `model.xml`, `model.bin` and `fakeloc.json` into `folder`.

    By Keras' own export; the weights stay float32.

    Args:
        model: `models.detector.inference_model`.
        info: written beside the model.
        folder: exists.

    Raises:
        FakelocError: OpenVINO is missing, Keras cannot export, or the model has no
            semantic heads.
    """
    try:
        import openvino  # noqa: F401
    except ImportError as error:
        raise FakelocError(
            f"the export to OpenVINO needs openvino ({error}); install it with "
            "`pip install fakeloc-tf[openvino]`"
        ) from error
    CropModel(model, info).write(folder / OPENVINO, "openvino")
    write_text(folder / INFO_NAME, info.to_json() + "\n")
