"""The export for ONNX Runtime."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.loading import INFO_NAME, ONNX
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.exports.crop_graph import CropModel

OPSET = 17


def write_onnx(model: keras.Model, info: ModelInfo, folder: Path) -> None:
    """Writes `model.onnx` and `fakeloc.json` into `folder`.

    Note: by Keras' own export, but for `_round_up`, without which ONNX Runtime cannot
    load a file of 299 pixels.

    Args:
        model: `models.detector.inference_model`.
        info: written beside the model.
        folder: exists.

    Raises:
        FakelocError: tf2onnx or onnx cannot be imported, Keras cannot export, or the
            model has no semantic heads.
    """
    try:
        import onnx
        import tf2onnx  # noqa: F401
    # onnx 1.19 with the ml_dtypes of TensorFlow 2.16 fails with an AttributeError.
    except (ImportError, AttributeError) as error:
        raise FakelocError(
            f"the export to ONNX needs onnx and tf2onnx ({error}); install them with "
            "`pip install fakeloc-tf[onnx]`"
        ) from error
    logging.getLogger("tf2onnx").setLevel(logging.WARNING)
    path = folder / ONNX
    CropModel(model, info).write(path, "onnx", opset_version=OPSET)
    proto = onnx.load(str(path))
    _round_up(proto)
    onnx.save(proto, str(path))
    write_text(folder / INFO_NAME, info.to_json() + "\n")


def _round_up(proto: Any) -> None:
    """Makes the factor of each resizing the next larger float32.

    tf2onnx gives factors in place of sizes, and ONNX rounds the product down: a factor
    that float32 holds a little too small loses a row (299/147 · 147 → 298), and the
    maps of the three taps no longer fit together.
    """
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        factors = constants.get(node.input[2]) if node.op_type == "Resize" else None
        if factors is not None:
            old = numpy_helper.to_array(factors)
            new = np.where(old == 1, old, np.nextafter(old, np.float32(np.inf)))
            factors.CopyFrom(numpy_helper.from_array(new, factors.name))
