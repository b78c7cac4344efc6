"""ONNX Runtime on the CPU; needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.engines.contract import CropScorer, check_outputs, one_by_one


def load_onnx(path: Path, crop_size: int) -> CropScorer:
    """The `model.onnx` of an export.

    Args:
        path: of the file.
        crop_size: side of the crops that it takes.

    Raises:
        FakelocError: ONNX Runtime is missing, or the file cannot be loaded.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise FakelocError(
            f"{path} needs ONNX Runtime ({error}); install it with "
            "`pip install fakeloc-tf[onnx]`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    # ONNX Runtime has a class of its own for each kind of fault, without a common base.
    except Exception as error:
        raise FakelocError(
            f"{path} cannot be loaded: {error}; export the model again"
        ) from error
    names = [output.name for output in session.get_outputs()]
    check_outputs(names, path)
    crops = session.get_inputs()[0].name

    def run(crop_uint8: np.ndarray) -> dict[str, np.ndarray]:
        answers = session.run(names, {crops: crop_uint8})
        return dict(zip(names, answers, strict=True))

    return one_by_one(run, crop_size)
