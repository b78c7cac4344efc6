"""Requests that TF Serving sends to a SavedModel before it calls it available.

The first call of a signature, and of each batch size, takes seconds longer than the
next; see https://www.tensorflow.org/tfx/serving/saved_model_warmup.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fakeloc_tf.files import new_file
from fakeloc_tf.inference.engines.tensorflow_engine import FACES
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media.images import encode_jpeg

log = logging.getLogger(__name__)

# TF Serving's own name for it.
WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# `allowed_batch_sizes` of configs/serving/batching.config: with it TF Serving fills
# each batch up to one of these.
BATCH_SIZES = (1, 2, 4, 8, 16)
# TF Serving wants a name, and does not look at it.
MODEL_NAME = "fakeloc"


def write_warmup(
    info: ModelInfo, bytes_signatures: tuple[str, ...], describe: str, folder: Path
) -> bool:
    """Writes `assets.extra/tf_serving_warmup_requests`: TFRecord of `PredictionLog`.

    Every signature that scores is asked once for each of `BATCH_SIZES`, the one that
    describes once.

    Args:
        info: sizes of the crops and of the model's input.
        bytes_signatures: signatures that take `image_bytes`.
        describe: signature that takes `query`.
        folder: of the SavedModel.

    Returns:
        Whether it was written; not without the extra `serving`, which is logged.
    """
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError as error:
        log.warning(
            "no warm-up requests in the export (%s): the first answers of TF Serving "
            "will be slow; `pip install fakeloc-tf[serving]` and export again",
            error,
        )
        return False
    with new_file(folder / WARMUP_FILE) as file, tf.io.TFRecordWriter(str(file)) as out:
        for signature, name, tensor in _inputs(info, bytes_signatures, describe):
            entry = prediction_log_pb2.PredictionLog()
            request = entry.predict_log.request
            request.model_spec.name = MODEL_NAME
            request.model_spec.signature_name = signature
            request.inputs[name].CopyFrom(tensor)
            out.write(entry.SerializeToString(deterministic=True))
    return True


def _inputs(
    info: ModelInfo, bytes_signatures: tuple[str, ...], describe: str
) -> Iterator[tuple[str, str, Any]]:
    """(signature, name of its input, TensorProto), the small batches first."""
    # Of one value and a shape it makes a proto that holds the value once.
    repeated = tf.make_tensor_proto
    yield describe, "query", repeated("", shape=[1])
    crop, size = _synthetic_crop(info.crop_size), info.image_size
    for count in BATCH_SIZES:
        for signature in bytes_signatures:
            yield signature, "image_bytes", repeated(crop, shape=[count])
        faces = repeated(128.0, tf.float32, [count, size, size, 3])
        yield FACES, "faces", faces


def _synthetic_crop(side: int) -> bytes:
    """JPEG of a grey gradient with noise; no person's face."""
    noise = np.random.default_rng(0).normal(0, 8, (side, side, 3))
    gradient = np.linspace(60, 200, side)[:, np.newaxis, np.newaxis]
    return encode_jpeg(np.clip(gradient + noise, 0, 255).astype(np.uint8))
