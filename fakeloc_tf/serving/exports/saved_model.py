"""The SavedModel with its signatures, for TF Serving and for `Detector`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import tensorflow as tf

from fakeloc_tf.files import write_text
from fakeloc_tf.inference.engines.tensorflow_engine import FACES
from fakeloc_tf.inference.loading import INFO_FILE
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.scorer import Scorer, as_scorer, require_localization
from fakeloc_tf.serving.exports.pictures import decode_crops
from fakeloc_tf.serving.exports.warmup import write_warmup
from fakeloc_tf.serving.signatures import BYTES, COMPACT, DESCRIBE, OK, PNG, STATUS

QUERY = tf.TensorSpec([None], tf.string, name="query")

Named = dict[str, tf.Tensor]


def write_saved_model(model: keras.Model, info: ModelInfo, folder: Path) -> None:
    """Writes a SavedModel and its description.

    | signature | input | output |
    |---|---|---|
    | `serving_default` | `image_bytes` string [B], PNG or JPEG of a face crop | `score_faces`' outputs, `localization_png_bytes`, `status` |
    | `compact` | the same | the same without `localization` |
    | `predict_faces` | `faces` float32 [B, S, S, 3] in 0..255 | `score_faces`' outputs, `localization_png_bytes` |
    | `describe` | `query` string [1], anything | `info` string [1], `fakeloc.json` |

    `status` string [B] is `ok` or `unreadable`; the numbers of an unreadable row are
    NaN, its PNG is empty. `localization_png_bytes` string [B] is the map at 8 bits.
    Beside go `assets.extra/fakeloc.json` and, with the extra `serving`, the warm-up
    requests.

    Args:
        model: `models.detector.inference_model`.
        info: what `describe` answers.
        folder: where to; TF Serving wants a number as its name.

    Raises:
        FakelocError: the model has no semantic heads.
    """  # noqa: E501
    require_localization(model, f"the model of the run {info.name!r}")
    size = info.image_size
    faces = tf.TensorSpec([None, size, size, 3], tf.float32, name="faces")
    crops = tf.TensorSpec([None], tf.string, name="image_bytes")
    # Graphs of their own, which the signatures share: else each holds the whole model.
    score = as_scorer(model)
    serve_bytes = tf.function(_serve_bytes(score, size), input_signature=[crops])
    # Without `track(model)`: the archive finds the variables that a signature uses, and
    # would write them twice.
    archive = keras.export.ExportArchive()
    archive.add_endpoint(BYTES, serve_bytes, [crops])
    archive.add_endpoint(COMPACT, _without_floats(serve_bytes), [crops])
    archive.add_endpoint(FACES, _serve_faces(score), [faces])
    archive.add_endpoint(DESCRIBE, _describe(info.to_json()), [QUERY])
    archive.write_out(str(folder), verbose=False)
    write_text(folder / INFO_FILE, info.to_json() + "\n")
    write_warmup(info, (BYTES, COMPACT), DESCRIBE, folder)


def _serve_faces(score: Scorer) -> Scorer:
    """Scores faces at the model's size."""

    def serve(faces: tf.Tensor) -> Named:
        scores = score(faces)
        return scores | {PNG: _png_of(scores["localization"])}

    return serve


def _serve_bytes(score: Scorer, size: int) -> Callable[[tf.Tensor], Named]:
    """Decodes face crops of any size and scores those that can be read."""

    def serve(image_bytes: tf.Tensor) -> Named:
        faces, status = decode_crops(image_bytes, size)
        scores = score(faces)
        readable = tf.equal(status, OK)
        png = tf.where(readable, _png_of(scores["localization"]), "")
        named = {name: _or_nan(value, readable) for name, value in scores.items()}
        return named | {PNG: png, STATUS: status}

    return serve


def _without_floats(serve: Callable[[tf.Tensor], Named]) -> Callable[..., Named]:
    """The same without the map as numbers, which make most of an answer in JSON."""

    def compact(image_bytes: tf.Tensor) -> Named:
        scores = serve(image_bytes)
        return {name: scores[name] for name in scores if name != "localization"}

    return compact


def _describe(info_json: str) -> Callable[[tf.Tensor], Named]:
    """What a client must know of the model before it can cut its crops."""

    def describe(query: tf.Tensor) -> Named:
        return {"info": tf.fill(tf.shape(query), info_json)}

    return describe


def _png_of(localization: tf.Tensor) -> tf.Tensor:
    """string [B]: maps float32 [B, S, S, 1] in 0..1 as grey PNG, 0..255."""
    grey = tf.cast(tf.round(255 * tf.clip_by_value(localization, 0, 1)), tf.uint8)
    return tf.map_fn(tf.io.encode_png, grey, fn_output_signature=tf.string)


def _or_nan(values: tf.Tensor, readable: tf.Tensor) -> tf.Tensor:
    """The rows that are readable; NaN in the others."""
    rows = tf.reshape(readable, [-1] + [1] * (values.shape.rank - 1))
    return tf.where(rows, values, tf.constant(float("nan"), values.dtype))
