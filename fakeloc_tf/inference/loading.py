"""From name or path to a scoring function: shipped, run folder, `.keras`, export.

TensorFlow is imported only for what needs it: an export for ONNX Runtime, OpenVINO or
LiteRT answers seconds earlier.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256
from fakeloc_tf.inference.engines.contract import CropScorer
from fakeloc_tf.inference.model_info import ModelInfo

INFO_NAME = "fakeloc.json"
# TF Serving's place for what goes along with a SavedModel.
INFO_FILE = Path("assets.extra") / INFO_NAME
SAVED_MODEL = "saved_model.pb"
ONNX = "model.onnx"
OPENVINO = "model.xml"
LITERT = "model.tflite"


@dataclass(frozen=True)
class FoundModel:
    """What a path holds.

    Attributes:
        engine: `tensorflow`, `onnx`, `openvino` or `litert`, for people and for
            `call.json`.
        format: `keras`, `saved_model`, or the engine.
        path: the `.keras` file, or the folder of the export.
    """

    engine: str
    format: str
    path: Path


def find_model(model: shipped.Given = None) -> FoundModel:
    """Recognises a model by the files that are there; loads nothing.

    Args:
        model: see `load_model`.

    Raises:
        FakelocError: there is no such model.
    """
    path = shipped.locate(model)
    if path.suffix == ".keras":
        return FoundModel("tensorflow", "keras", path)
    if (path / "best.keras").is_file():
        return FoundModel("tensorflow", "keras", path / "best.keras")
    if (path / ONNX).is_file():
        return FoundModel("onnx", "onnx", path)
    if (path / OPENVINO).is_file():
        return FoundModel("openvino", "openvino", path)
    if (path / LITERT).is_file():
        return FoundModel("litert", "litert", path)
    folder = _newest_version(path)
    if (folder / SAVED_MODEL).is_file():
        return FoundModel("tensorflow", "saved_model", folder)
    raise FakelocError(
        f"{path} holds no model; give a run folder (best.keras, config.yaml), a .keras "
        f"file beside its config.yaml, the folder of an export ({SAVED_MODEL}, {ONNX}, "
        f"{OPENVINO} or {LITERT}), or the name of a shipped model "
        f"({', '.join(shipped.names())})"
    )


def load_model(model: shipped.Given = None) -> tuple[CropScorer, ModelInfo]:
    """Loads whatever is there.

    Args:
        model: name of a shipped model (`shipped.locate`; None = the default one), a run
            folder (`best.keras`, `config.yaml`), a `.keras` file beside its
            `config.yaml`, an export, or a folder of numbered SavedModels, of which
            the highest number is taken as TF Serving does.

    Raises:
        FakelocError: there is no such model, a shipped one is not as it was released,
            it cannot locate, or its engine is not installed.
    """
    found = find_model(model)
    folder = found.path
    if found.format == "onnx":
        from fakeloc_tf.inference.engines.onnx_engine import load_onnx

        info = ModelInfo.from_json(folder / INFO_NAME)
        return load_onnx(folder / ONNX, info.crop_size), info
    if found.format == "openvino":
        from fakeloc_tf.inference.engines.openvino_engine import load_openvino

        info = ModelInfo.from_json(folder / INFO_NAME)
        return load_openvino(folder / OPENVINO, info.crop_size), info
    if found.format == "litert":
        from fakeloc_tf.inference.engines.litert_engine import load_litert

        info = ModelInfo.from_json(folder / INFO_NAME)
        return load_litert(folder / LITERT, info.crop_size), info

    from fakeloc_tf.inference.engines import tensorflow_engine

    if found.format == "keras":
        # The path as the user gave it, for messages.
        return tensorflow_engine.load_keras(shipped.locate(model))
    info = ModelInfo.from_json(folder / INFO_FILE)
    return tensorflow_engine.load_saved_model(folder, info.image_size), info


def model_sha256(model: shipped.Given = None) -> str:
    """Hash of what `load_model` loads.

    Args:
        model: see `load_model`.

    Returns:
        Of a run: of its `.keras` file. Of an export: of the names and hashes of its
        files, sorted by name.

    Raises:
        FakelocError: there is no such model.
    """
    found = find_model(model)
    if found.format == "keras":
        if not found.path.is_file():
            raise FakelocError(f"{found.path} is missing; is it a file of a run?")
        return file_sha256(found.path)
    files = {
        file.relative_to(found.path).as_posix(): file
        for file in found.path.rglob("*")
        if file.is_file()
    }
    lines = [f"{file_sha256(files[name])}  {name}\n" for name in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def versions_in(path: Path) -> dict[int, Path]:
    """Number → sub-folder of that name, of a folder of numbered SavedModels."""
    children = (child for child in path.iterdir() if child.name.isdecimal())
    return {int(child.name): child for child in children}


def _newest_version(path: Path) -> Path:
    """`path`, or its sub-folder with the highest number."""
    if (path / SAVED_MODEL).is_file() or not path.is_dir():
        return path
    versions = versions_in(path)
    return versions[max(versions)] if versions else path
