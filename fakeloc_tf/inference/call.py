"""`call.json`: which program, model and settings the results are of."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import fakeloc_tf
from fakeloc_tf import shipped
from fakeloc_tf.inference.loading import find_model, model_sha256
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.report_text import for_people
from fakeloc_tf.inference.settings import Settings

# What runs the model, where it is not a server that does.
ENGINES = ("tensorflow", "keras", "onnxruntime", "openvino", "ai-edge-litert")
# Whose versions may change a score, a box or a picture.
PACKAGES = (
    *ENGINES,
    "numpy",
    "opencv-python-headless",
    "opencv-python",
    "dlib-bin",
    "dlib",
    "av",
    "pillow",
    "pillow-heif",
)


@dataclass(frozen=True)
class ServedModel:
    """A model that a server runs; the hash of its files is not known here.

    Attributes:
        url: of the server, without credentials.
        name: of the model on the server.
        version: that answers.
        maps: `float32`, or `8 bits` where they came as PNG.
    """

    url: str
    name: str
    version: int
    maps: str


# As `loading.load_model` takes it, or what a server runs.
Model = shipped.Given | ServedModel


def describe_call(
    model: Model,
    info: ModelInfo,
    settings: Settings,
    command: Sequence[str],
) -> dict[str, Any]:
    """What must be known to make the same results again.

    Args:
        model: name or path as given, or what the server says.
        info: of the model, with the thresholds in use.
        settings: for looking at files.
        command: as typed.
    """
    served = isinstance(model, ServedModel)
    return {
        "version": fakeloc_tf.__version__,
        "command": list(command),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(without=ENGINES if served else ()),
        "options": settings.to_row(),
        "model": _origin(model) | asdict(info) | for_people(info),
    }


def _origin(model: Model) -> dict[str, Any]:
    """Where the model is, what runs it, and what it can be told apart by."""
    if isinstance(model, ServedModel):
        return {
            "path": model.url,
            "sha256": None,
            "engine": "tensorflow serving",
            "served_name": model.name,
            "served_version": model.version,
            "maps": model.maps,
        }
    engine = find_model(model).engine
    origin = {"sha256": model_sha256(model), "engine": engine}
    name = shipped.name_of(model)
    if name is None:
        return {"path": str(model)} | origin
    # Its card says what it is for, and how good it is on which data.
    return {"path": name, "card": shipped.card_of(model)} | origin


def versions(without: Sequence[str] = ()) -> dict[str, str]:
    """Version of Python, of the system and of each of `PACKAGES` that is installed.

    Args:
        without: packages that had no part in it.
    """
    found = {"python": sys.version.split()[0], "system": platform.platform()}
    for name in (name for name in PACKAGES if name not in without):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
