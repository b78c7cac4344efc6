"""A picture a video: crops with the outline of the mask, masks, noise."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from fakeloc_tf.data.prepared import shards_of
from fakeloc_tf.data.records import FaceRecord
from fakeloc_tf.media.images import write_png
from pipelines.face_facts import read_faces

FACES = 8
TILE = 128
_OUTLINE = (0, 255, 0)


def write(records: Path, folder: Path) -> list[Path]:
    """Writes `<split>_<video>.png` for every video of a prepared folder.

    Returns:
        The files, in order.
    """
    written = []
    for file in shards_of(records):
        # A video's faces stand one after another in one shard.
        for (split, video_id), faces in itertools.groupby(
            read_faces(file), key=lambda face: (face.split, face.video_id)
        ):
            name = re.sub(r"[^\w.-]+", "_", f"{split}_{video_id}")
            path = folder / f"{name}.png"
            write_png(path, contact_sheet(_spread(faces)))
            written.append(path)
    return written


def contact_sheet(faces: Sequence[FaceRecord]) -> np.ndarray:
    """Three rows: crop with the mask's outline, mask, noise four times as bright.

    Args:
        faces: at most a few, of one video.

    Returns:
        uint8 [3 · TILE, len(faces) · TILE, 3] RGB.
    """
    columns = []
    for face in faces:
        image = face.image_uint8.copy()
        contours, _ = cv2.findContours(
            face.mask_uint8, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(image, contours, -1, _OUTLINE, max(1, len(image) // 128))
        noise = np.minimum(face.noise_uint8.astype(np.uint16) * 4, 255)
        rows = (
            image,
            cv2.cvtColor(face.mask_uint8, cv2.COLOR_GRAY2RGB),
            cv2.cvtColor(noise.astype(np.uint8), cv2.COLOR_GRAY2RGB),
        )
        tiles = [
            cv2.resize(row, (TILE, TILE), interpolation=cv2.INTER_AREA) for row in rows
        ]
        columns.append(np.vstack(tiles))
    return np.hstack(columns)


def _spread(faces: Iterable[FaceRecord]) -> list[FaceRecord]:
    """At most FACES of a video, evenly; repeats apart."""
    firsts = [face for face in faces if not face.repeat]
    places = np.linspace(0, len(firsts) - 1, min(FACES, len(firsts))).round()
    return [firsts[int(place)] for place in places]
