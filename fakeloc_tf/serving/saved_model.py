"""The SavedModel with its two signatures."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.engines.tensorflow_engine import FACES
from fakeloc_tf.inference.loading import INFO_FILE
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.scorer import Scorer, require_localization, score_faces

BYTES = "serve_bytes"


def write_saved_model(model: keras.Model, info: ModelInfo, folder: Path) -> None:
    """Writes a SavedModel and its description.

    | signature | input | output |
    |---|---|---|
    | `serving_default` | `faces` float32 [B, S, S, 3] in 0..255 | see `score_faces` |
    | `serve_bytes` | `image_bytes` string [B], PNG or JPEG of a face crop | the same |

    Args:
        model: `models.detector.inference_model`.
        info: written beside as `assets.extra/fakeloc.json`.
        folder: where to; TF Serving wants a number as its name.

    Raises:
        FakelocError: the model has no semantic heads.
    """
    require_localization(model, f"the model of the run {info.name!r}")
    size = info.image_size
    faces = tf.TensorSpec([None, size, size, 3], tf.float32, name="faces")
    crops = tf.TensorSpec([None], tf.string, name="image_bytes")
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(FACES, _serve_faces(model), [faces])
    archive.add_endpoint(BYTES, _serve_bytes(model, size), [crops])
    archive.write_out(str(folder), verbose=False)
    write_text(folder / INFO_FILE, info.to_json() + "\n")


def _serve_faces(model: keras.Model) -> Scorer:
    """Scores faces at the model's size."""

    def serve(faces: tf.Tensor) -> dict[str, tf.Tensor]:
        return score_faces(model, faces)

    return serve


def _serve_bytes(model: keras.Model, size: int) -> Scorer:
    """Decodes face crops of any size, brings them to the model's and scores them."""

    def decode(image_bytes: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_image(image_bytes, channels=3, expand_animations=False)
        image = model_input(image, size)
        return tf.ensure_shape(image, (size, size, 3))

    def serve(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = tf.TensorSpec([size, size, 3], tf.float32)
        return score_faces(
            model, tf.map_fn(decode, image_bytes, fn_output_signature=spec)
        )

    return serve
