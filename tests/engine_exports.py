"""Exports of a toy run in every format, for the tests of the engines."""

import importlib

import pytest

from fakeloc_tf.inference import run_info
from fakeloc_tf.models.scorer import load_run
from fakeloc_tf.serving.exports.formats import FORMATS

# What the export and the engine need beside TensorFlow.
NEEDS = {
    "saved_model": (),
    "onnx": ("onnx", "tf2onnx", "onnxruntime"),
    "openvino": ("openvino",),
    "litert": ("ai_edge_litert",),
    "litert_float16": ("ai_edge_litert",),
    "litert_dynamic_range": ("ai_edge_litert",),
}


def skip_without(format_name):
    """Skips the test where the extra of this format is not installed or is broken."""
    for name in NEEDS[format_name]:
        try:
            importlib.import_module(name)
        except (ImportError, AttributeError) as error:
            pytest.skip(f"the extra {format_name} is not usable here: {error}")


def write(run, format_name, folder):
    """Writes an export without proving it."""
    model, config, metrics = load_run(run)
    folder.mkdir(parents=True)
    FORMATS[format_name].write(model, run_info.from_config(config, metrics), folder)
    return folder
