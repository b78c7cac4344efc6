"""The export for OpenVINO."""

from __future__ import annotations

from pathlib import Path

import keras

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.loading import INFO_NAME, OPENVINO
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.serving.crop_graph import crop_graph


def write_openvino(model: keras.Model, info: ModelInfo, folder: Path) -> None:
    """Writes `model.xml`, `model.bin` and `fakeloc.json` into `folder`.

    Note: by OpenVINO itself, as Keras' own `model.export(format="openvino")` does; that
    one takes a model alone, without what `crop_graph` puts around it. The weights stay
    float32.

    Args:
        model: `models.detector.inference_model`.
        info: written beside the model.
        folder: exists.

    Raises:
        FakelocError: OpenVINO is missing, or the model has no semantic heads.
    """
    try:
        import openvino
    except ImportError as error:
        raise FakelocError(
            f"the export to OpenVINO needs openvino ({error}); install it with "
            "`pip install fakeloc-tf[openvino]`"
        ) from error
    function, _ = crop_graph(model, info)
    converted = openvino.convert_model(function)
    openvino.save_model(converted, folder / OPENVINO, compress_to_fp16=False)
    write_text(folder / INFO_NAME, info.to_json() + "\n")
