"""From a path to a scoring function: run folder, `.keras` file or SavedModel."""

from __future__ import annotations

import os
from pathlib import Path

import tensorflow as tf

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import model_info
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.calibration import read_calibration
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run, require_localization

INFO_FILE = Path("assets.extra") / "fakeloc.json"


def load_model(path: str | os.PathLike[str]) -> tuple[Scorer, ModelInfo]:
    """Loads whatever `path` holds.

    Args:
        path: a run folder (`best.keras`, `config.yaml`), a `.keras` file beside its
            `config.yaml`, a SavedModel, or a folder of numbered SavedModels, of which
            the highest number is taken as TF Serving does.

    Raises:
        FakelocError: there is no model at `path`, or one that cannot locate.
    """
    path = Path(path)
    if path.suffix == ".keras" or (path / "best.keras").is_file():
        model, config, metrics = load_run(path)
        require_localization(model, path)
        info = model_info.from_config(config, metrics, read_calibration(path))
        return as_scorer(model), info
    folder = _newest_version(path)
    if (folder / "saved_model.pb").is_file():
        return load_saved_model(folder)
    raise FakelocError(
        f"{path} holds no model; give a run folder (best.keras, config.yaml), a .keras "
        "file beside its config.yaml, or the folder of an export (saved_model.pb)"
    )


def load_saved_model(folder: Path) -> tuple[Scorer, ModelInfo]:
    """The `serving_default` signature of an export and its description."""
    info = ModelInfo.from_json(folder / INFO_FILE)
    try:
        loaded = tf.saved_model.load(str(folder))
        if "serving_default" not in loaded.signatures:
            raise FakelocError(f"{folder} has no signature `serving_default`")
    except (OSError, tf.errors.OpError) as error:
        raise FakelocError(f"{folder} cannot be loaded: {error}") from error
    # The signature is taken from `loaded` at each call: held alone, it would not keep
    # its variables alive.
    return lambda faces: loaded.signatures["serving_default"](faces=faces), info


def _newest_version(path: Path) -> Path:
    """`path`, or its sub-folder with the highest number."""
    if (path / "saved_model.pb").is_file() or not path.is_dir():
        return path
    versions = [child for child in path.iterdir() if child.name.isdecimal()]
    return max(versions, key=lambda child: int(child.name), default=path)
