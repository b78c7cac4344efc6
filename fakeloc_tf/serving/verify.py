"""Does the exported model say what Keras says? Asked in a fresh process.

A process that made the model could hide what the export forgot; so
`python -m fakeloc_tf.serving.verify` loads the folder and nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.engines.contract import CropScorer
from fakeloc_tf.inference.loading import find_model, load_model
from fakeloc_tf.media.images import encode_png


def largest_difference(
    score: CropScorer, export: Path, crops_uint8: np.ndarray
) -> dict[str, float]:
    """Compares Keras here with an export in a fresh process.

    Args:
        score: of the Keras model.
        export: folder of the export.
        crops_uint8: uint8 [N, C, C, 3] RGB, C = the `crop_size` of the model.

    Returns:
        `signature/output` (of a SavedModel) or `engine/output` → largest absolute
        difference.

    Raises:
        FakelocError: the export cannot be loaded or run.
    """
    expected = score(crops_uint8)
    with tempfile.TemporaryDirectory(prefix="fakeloc-verify-") as folder:
        crops, answers = Path(folder) / "crops.npy", Path(folder) / "answers.npz"
        np.save(crops, crops_uint8)
        call = [sys.executable, "-m", __spec__.name, str(export)]
        done = subprocess.run(
            [*call, str(crops), str(answers)], capture_output=True, text=True
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise FakelocError(f"{export} cannot be run: {reason[0]}")
        with np.load(answers) as got:
            return {
                name: float(np.abs(got[name] - expected[name.split("/")[1]]).max())
                for name in got.files
            }


def _answer(export: Path, crops_file: Path, answers: Path) -> None:
    """Runs the export on the crops and saves what it says."""
    crops = np.load(crops_file)
    found = find_model(export)
    if found.format == "saved_model":
        # `load_model` takes the signature of faces.
        results = {"serving_default": load_model(export)[0](crops)}
        results["serve_bytes"] = _answer_bytes(found.path, crops)
    else:
        results = {found.engine: load_model(export)[0](crops)}
    np.savez(
        answers,
        **{
            f"{signature}/{name}": value
            for signature, outputs in results.items()
            for name, value in outputs.items()
        },
    )


def _answer_bytes(saved_model: Path, crops: np.ndarray) -> dict[str, np.ndarray]:
    """The signature of a SavedModel that takes pictures as bytes."""
    import tensorflow as tf

    from fakeloc_tf.serving.saved_model import BYTES

    loaded = tf.saved_model.load(str(saved_model))
    png = tf.constant([encode_png(crop) for crop in crops])
    scores = loaded.signatures[BYTES](image_bytes=png)
    return {name: value.numpy() for name, value in scores.items()}


if __name__ == "__main__":
    _answer(*map(Path, sys.argv[1:]))
