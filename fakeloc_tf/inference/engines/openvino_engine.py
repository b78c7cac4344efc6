"""OpenVINO on the CPU; needs no TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.engines.contract import CropScorer, check_outputs, one_by_one

# Without it OpenVINO takes bfloat16 where the processor has it: half the time, but
# other scores on another machine.
SETTINGS = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}


def load_openvino(path: Path, crop_size: int) -> CropScorer:
    """The `model.xml` of an export, beside its `model.bin`.

    Args:
        path: of the `.xml`.
        crop_size: side of the crops that it takes.

    Raises:
        FakelocError: OpenVINO is missing, or the files cannot be loaded.
    """
    try:
        import openvino
    except ImportError as error:
        raise FakelocError(
            f"{path} needs OpenVINO ({error}); install it with "
            "`pip install fakeloc-tf[openvino]`"
        ) from error
    try:
        model = openvino.Core().read_model(path)
        model.reshape([1, crop_size, crop_size, 3])
        compiled = openvino.compile_model(model, "CPU", SETTINGS)
    except RuntimeError as error:
        raise FakelocError(
            f"{path} cannot be loaded: {error}; export the model again"
        ) from error
    outputs: dict[str, Any] = {
        name: port for port in compiled.outputs for name in sorted(port.names)
    }
    check_outputs(list(outputs), path)

    def run(crop_uint8: np.ndarray) -> dict[str, np.ndarray]:
        answers = compiled(crop_uint8)
        return {name: answers[port] for name, port in outputs.items()}

    return one_by_one(run, crop_size)
