"""Backbone, heads, fusion and the detector that joins them."""

from fakeloc_tf.models.detector import (
    build_detector,
    inference_model,
    load_detector,
    map_sizes,
)
from fakeloc_tf.models.transfer import TransferReport, transfer_weights
from fakeloc_tf.models.variants import check_compatible

__all__ = [
    "TransferReport",
    "build_detector",
    "check_compatible",
    "inference_model",
    "load_detector",
    "map_sizes",
    "transfer_weights",
]
