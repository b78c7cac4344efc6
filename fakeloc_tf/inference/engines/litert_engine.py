"""LiteRT on the CPU; without it, the same interpreter as TensorFlow brings it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.cores import usable_cores
from fakeloc_tf.inference.engines.contract import CropScorer, check_outputs, one_by_one

SIGNATURE = "serving_default"


def load_litert(path: Path, crop_size: int) -> CropScorer:
    """The `model.tflite` of an export, whatever its quantisation.

    Args:
        path: of the file.
        crop_size: side of the crops that it takes.

    Raises:
        FakelocError: LiteRT is missing, or the file cannot be loaded.
    """
    interpreter = _interpreter_class(path)
    try:
        loaded = interpreter(str(path), num_threads=usable_cores())
        if SIGNATURE not in loaded.get_signature_list():
            check_outputs([], path)
        runner = loaded.get_signature_runner(SIGNATURE)
    # OSError: not readable; the others: no model, or operations that are not there.
    except (OSError, RuntimeError, ValueError) as error:
        raise FakelocError(
            f"{path} cannot be loaded: {error}; export the model again"
        ) from error
    check_outputs(list(runner.get_output_details()), path)
    (crops,) = runner.get_input_details()
    # An interpreter has one set of tensors; two threads would mix their faces.
    lock = threading.Lock()

    def run(crop_uint8: np.ndarray) -> dict[str, np.ndarray]:
        with lock:
            return runner(**{crops: crop_uint8})

    return one_by_one(run, crop_size)


def _interpreter_class(path: Path) -> Any:
    """Of LiteRT, else of TensorFlow."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        try:
            import tensorflow as tf
        except ImportError:
            raise FakelocError(
                f"{path} needs LiteRT ({error}); install it with "
                "`pip install fakeloc-tf[litert]`"
            ) from error
        return tf.lite.Interpreter
    return Interpreter
