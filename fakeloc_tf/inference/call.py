"""`call.json`: which program, model and settings the results are of."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import fakeloc_tf
from fakeloc_tf.inference.loading import find_model, model_sha256
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.report_text import for_people
from fakeloc_tf.inference.settings import Settings

# Whose versions may change a score, a box or a picture.
PACKAGES = (
    "tensorflow",
    "keras",
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "dlib-bin",
    "dlib",
    "av",
    "pillow",
    "pillow-heif",
    "onnxruntime",
    "openvino",
)


def describe_call(
    model: str | os.PathLike[str],
    info: ModelInfo,
    settings: Settings,
    command: Sequence[str],
) -> dict[str, Any]:
    """What must be known to make the same results again.

    Args:
        model: path as given.
        info: of the model, with the thresholds in use.
        settings: for looking at files.
        command: as typed.
    """
    engine = find_model(model).engine
    return {
        "version": fakeloc_tf.__version__,
        "command": list(command),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "options": settings.to_row(),
        "model": {"path": str(model), "sha256": model_sha256(model), "engine": engine}
        | asdict(info)
        | for_people(info),
    }


def versions() -> dict[str, str]:
    """Version of Python, of the system and of each of `PACKAGES` that is installed."""
    found = {"python": sys.version.split()[0], "system": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
