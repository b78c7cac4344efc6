"""The row of `fakeloc detect` → what a client is told."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np

from fakeloc_tf.inference.outputs import Row
from fakeloc_tf.media.images import encode_png, to_grey
from fakeloc_tf.web.limits import without_path
from fakeloc_tf.web.service.problems import Problem
from fakeloc_tf.web.service.upload import Upload

# Of the server's disk, which is nothing for clients.
_OWN = ("name", "modified_ns")


class MasksInRow:
    """Keeps each map in the row itself."""

    def write_mask(self, name: str, localization: np.ndarray) -> str:
        """Base64 of a PNG of float32 [S, S] in 0..1; see `outputs.MaskKeeper`."""
        return base64.b64encode(encode_png(to_grey(localization))).decode()


def of_row(row: Row, upload: Upload) -> dict[str, Any]:
    """The body of the answer; see `schema.Answer`.

    Args:
        row: of the file.
        upload: the file.

    Raises:
        Problem: 422, the file cannot be read.
    """
    for key in ("reason", "note"):
        if key in row:
            row[key] = without_path(row[key], upload.path)
    if "reason" in row:
        detail = f"{row['reason'].rstrip('.')}."
        raise Problem(422, detail, file_status=row["status"])
    for face in faces_of(row):
        if "mask" in face:
            face["mask_png"] = face.pop("mask")
    return {key: row[key] for key in row if key not in _OWN}


def faces_of(row: Row) -> Iterator[dict[str, Any]]:
    """Every face of a picture, or of every frame of a video."""
    yield from row.get("faces", [])
    for frame in row.get("frames", []):
        yield from frame["faces"]
