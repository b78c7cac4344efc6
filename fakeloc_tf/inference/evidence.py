"""The pictures that the report shows of a face, as JPEG bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from fakeloc_tf.inference.overlay import DrawnFace, draw, heat, shrink
from fakeloc_tf.media.faces import crop
from fakeloc_tf.media.images import encode_jpeg

CROP_SIDE = 240
SCENE_SIDE = 720


@dataclass(frozen=True)
class Evidence:
    """Pictures and numbers of one face.

    Attributes:
        title: for people.
        row: the face as it stands in `results.jsonl`.
        probability, verdict: of the face; of a video, of its track.
        note: what the probability is, where it is not the face's own; or empty.
        crop_jpeg: what the model looked at.
        heat_jpeg: the same under its map.
        scene_jpeg: the whole picture with the face marked.
    """

    title: str
    row: dict[str, Any]
    probability: float
    verdict: str
    note: str
    crop_jpeg: bytes
    heat_jpeg: bytes
    scene_jpeg: bytes


def evidence_of(
    image_uint8: np.ndarray, face: DrawnFace, row: dict[str, Any], title: str
) -> Evidence:
    """A face of a picture.

    Args:
        image_uint8: uint8 [H, W, 3] RGB, the whole picture.
        face: the face with its map.
        row: the same in `results.jsonl`.
        title: for people.
    """
    part = crop(image_uint8, face.crop_box, CROP_SIDE)
    level = cv2.resize(face.localization, (CROP_SIDE, CROP_SIDE))
    return Evidence(
        title=title,
        row=row,
        probability=face.probability,
        verdict=face.verdict,
        note="",
        crop_jpeg=encode_jpeg(part),
        heat_jpeg=encode_jpeg(heat(part, level)),
        scene_jpeg=encode_jpeg(shrink(draw(image_uint8, [face]), SCENE_SIDE)),
    )
