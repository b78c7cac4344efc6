"""Detects manipulated faces and locates the manipulated region (Kong et al., 2022).

The names below are the public API. They are imported at their first use, so that
`import fakeloc_tf` costs nothing and an export for ONNX Runtime, OpenVINO or LiteRT
answers without TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakeloc_tf.errors import FakelocError
    from fakeloc_tf.inference.detector import Detector, FaceResult, FaceScores
    from fakeloc_tf.inference.model_info import ModelInfo
    from fakeloc_tf.inference.quality import QualityWarning
    from fakeloc_tf.media.boxes import CropBox, FaceBox, paste
    from fakeloc_tf.media.images import read_image
    from fakeloc_tf.media.video import read_frames
    from fakeloc_tf.noise import noise_residual

__version__ = "0.1.0"

# name → module that has it
_HOMES = {
    "CropBox": "fakeloc_tf.media.boxes",
    "Detector": "fakeloc_tf.inference.detector",
    "FaceBox": "fakeloc_tf.media.boxes",
    "FaceResult": "fakeloc_tf.inference.detector",
    "FaceScores": "fakeloc_tf.inference.detector",
    "FakelocError": "fakeloc_tf.errors",
    "ModelInfo": "fakeloc_tf.inference.model_info",
    "QualityWarning": "fakeloc_tf.inference.quality",
    "noise_residual": "fakeloc_tf.noise",
    "paste": "fakeloc_tf.media.boxes",
    "read_frames": "fakeloc_tf.media.video",
    "read_image": "fakeloc_tf.media.images",
}
__all__ = [
    "CropBox",
    "Detector",
    "FaceBox",
    "FaceResult",
    "FaceScores",
    "FakelocError",
    "ModelInfo",
    "QualityWarning",
    "noise_residual",
    "paste",
    "read_frames",
    "read_image",
]


def __getattr__(name: str) -> Any:
    """Imports a public name at its first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names too."""
    return sorted({*globals(), *_HOMES})
