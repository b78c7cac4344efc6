"""The classifier's features for TensorBoard's embedding projector."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from google.protobuf import text_format
from tensorboard.plugins.projector import ProjectorConfig

from fakeloc_tf.files import write_bytes, write_text
from fakeloc_tf.training.board.faces import grid

TENSORS = "features.tsv"
METADATA = "features_metadata.tsv"
SPRITE = "features_sprite.png"
# The plugin looks for this name in a run's folder.
CONFIG = "projector_config.pbtxt"


def write_projector(
    folder: Path,
    features: np.ndarray,
    thumbnails_uint8: np.ndarray,
    metadata: list[dict[str, Any]],
) -> None:
    """Writes the newest features; the projector shows no history.

    Args:
        folder: of the event files.
        features: float32 [n, d].
        thumbnails_uint8: uint8 [n, s, s, 3] RGB, of the same faces in the same order.
        metadata: [n], the same two or more keys in each.
    """
    if not len(features) == len(thumbnails_uint8) == len(metadata):
        raise ValueError(
            "`features`, `thumbnails_uint8` and `metadata` must have one row a face. "
            f"Received: {len(features)}, {len(thumbnails_uint8)}, {len(metadata)}"
        )
    tensors = io.StringIO()
    # Nine digits: float32 comes back as it was.
    np.savetxt(tensors, features, fmt="%.9g", delimiter="\t")
    write_text(folder / TENSORS, tensors.getvalue())
    keys = list(metadata[0])
    rows = [keys] + [[row[key] for key in keys] for row in metadata]
    write_text(folder / METADATA, "".join(map(_tsv_line, rows)))
    # The plugin expects as many columns as rows.
    side = math.ceil(math.sqrt(len(thumbnails_uint8)))
    sprite = cv2.cvtColor(grid(thumbnails_uint8, side), cv2.COLOR_RGB2BGR)
    write_bytes(folder / SPRITE, cv2.imencode(".png", sprite)[1].tobytes())

    config = ProjectorConfig()
    embedding = config.embeddings.add()
    embedding.tensor_name = "classifier features"
    embedding.tensor_path = TENSORS
    embedding.metadata_path = METADATA
    embedding.sprite.image_path = SPRITE
    height, width = thumbnails_uint8.shape[1:3]
    embedding.sprite.single_image_dim.extend([width, height])
    write_text(folder / CONFIG, text_format.MessageToString(config))


def _tsv_line(values: list[Any]) -> str:
    """One row; a tab or line break within a value would start a new cell."""
    return "\t".join(" ".join(str(value).split()) for value in values) + "\n"
