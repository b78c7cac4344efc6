"""The tables that are written: a row a face, a row a file, a row a bad file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# Before 14.0.1 a Parquet file can name code that pyarrow runs (CVE-2023-47248); all
# that reads parts imports this module.
import pyarrow_hotfix  # noqa: F401

from fakeloc_tf.files import new_file

FACES_FOLDER = "faces"
FILES_FOLDER = "files"
BAD_FOLDER = "bad_files"

_WARNING = pa.struct(
    [("code", pa.string()), ("text", pa.string()), ("doubt", pa.bool_())]
)
# Boxes in pixels of the picture as shown; times in seconds from the first frame.
FACES = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("kind", pa.string()),
        ("image_width", pa.int32()),
        ("image_height", pa.int32()),
        ("frame", pa.int32()),
        ("time", pa.float64()),
        ("face", pa.int32()),
        ("track", pa.int32()),
        ("box_x", pa.float64()),
        ("box_y", pa.float64()),
        ("box_w", pa.float64()),
        ("box_h", pa.float64()),
        ("crop_x", pa.int32()),
        ("crop_y", pa.int32()),
        ("crop_w", pa.int32()),
        ("crop_h", pa.int32()),
        ("face_score", pa.float64()),
        ("pose", pa.string()),
        ("probability", pa.float64()),
        ("verdict", pa.string()),
        ("manipulated_fraction", pa.float64()),
        ("warnings", pa.list_(_WARNING)),
        ("method_probabilities", pa.map_(pa.string(), pa.float64())),
        ("model_sha256", pa.string()),
    ]
)
FILES = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("kind", pa.string()),
        ("bytes", pa.int64()),
        ("modified_ns", pa.int64()),
        ("status", pa.string()),
        ("image_width", pa.int32()),
        ("image_height", pa.int32()),
        ("duration", pa.float64()),
        ("frames_scored", pa.int32()),
        ("faces", pa.int32()),
        ("too_small", pa.int32()),
        ("probability", pa.float64()),
        ("verdict", pa.string()),
        ("note", pa.string()),
        ("seconds", pa.float64()),
        ("model_sha256", pa.string()),
    ]
)
BAD_FILES = pa.schema(
    [
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("kind", pa.string()),
        ("bytes", pa.int64()),
        ("modified_ns", pa.int64()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("seconds", pa.float64()),
    ]
)
# Between scoring and the end of a group: which of its files a face is of.
SCORED = FACES.insert(0, pa.field("file", pa.int32()))
_MASK = pa.field("mask", pa.binary())


def with_masks(schema: pa.Schema, masks: bool) -> pa.Schema:
    """`schema`, where wanted with a PNG of the map of each face's crop, 0..255."""
    return schema.append(_MASK) if masks else schema


def write_table(path: Path, table: pa.Table) -> None:
    """Writes a Parquet file under a temporary name, then renames."""
    with new_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
