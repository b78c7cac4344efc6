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
import tensorflow as tf

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.models.scorer import Scorer
from fakeloc_tf.serving.saved_model import BYTES, FACES

TOLERANCE = 1e-5


def largest_difference(
    score: Scorer, saved_model: Path, faces_uint8: np.ndarray
) -> dict[str, float]:
    """Compares Keras here with the SavedModel in a fresh process.

    Args:
        score: of the Keras model.
        saved_model: the export.
        faces_uint8: uint8 [N, S, S, 3] RGB at the model's size.

    Returns:
        `signature/output` → largest absolute difference.

    Raises:
        FakelocError: the export cannot be loaded or run.
    """
    expected = {
        name: value.numpy()
        for name, value in score(tf.constant(faces_uint8, tf.float32)).items()
    }
    with tempfile.TemporaryDirectory(prefix="fakeloc-verify-") as folder:
        faces, answers = Path(folder) / "faces.npy", Path(folder) / "answers.npz"
        np.save(faces, faces_uint8)
        call = [sys.executable, "-m", __spec__.name, str(saved_model)]
        done = subprocess.run(
            [*call, str(faces), str(answers)], capture_output=True, text=True
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise FakelocError(f"{saved_model} cannot be run: {reason[0]}")
        with np.load(answers) as got:
            return {
                name: float(np.abs(got[name] - expected[name.split("/")[1]]).max())
                for name in got.files
            }


def _answer(saved_model: Path, faces_file: Path, answers: Path) -> None:
    """Runs both signatures on the faces and saves what they say."""
    faces = np.load(faces_file)
    signatures = tf.saved_model.load(str(saved_model)).signatures
    png = tf.constant([encode_png(face) for face in faces])
    results = {
        FACES: signatures[FACES](faces=tf.constant(faces, tf.float32)),
        BYTES: signatures[BYTES](image_bytes=png),
    }
    np.savez(
        answers,
        **{
            f"{signature}/{name}": value.numpy()
            for signature, outputs in results.items()
            for name, value in outputs.items()
        },
    )


if __name__ == "__main__":
    _answer(*map(Path, sys.argv[1:]))
