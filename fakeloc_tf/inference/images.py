"""One picture: read, find the faces, score them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fakeloc_tf.inference.detector import Detector, FaceResult
from fakeloc_tf.media.faces import FaceBox
from fakeloc_tf.media.images import read_image

# Below this a face has too few pixels for the noise that the model looks at.
MIN_FACE_SIDE = 40


@dataclass(frozen=True)
class ImageAnalysis:
    """What is known of one picture.

    Attributes:
        image_uint8: uint8 [H, W, 3] RGB.
        status: `ok`, `no_face` or `too_small`.
        faces: largest first; empty unless `ok`.
    """

    image_uint8: np.ndarray
    status: str
    faces: list[FaceResult]


def analyse_image(detector: Detector, path: Path) -> ImageAnalysis:
    """Scores every face of a picture that is large enough.

    Raises:
        FakelocError: the picture cannot be read.
    """
    image = read_image(path)
    if min(image.shape[:2]) < MIN_FACE_SIDE:
        return ImageAnalysis(image, "too_small", [])
    found = detector.find_faces(image)
    boxes = large_enough(found)
    if not boxes:
        return ImageAnalysis(image, "too_small" if found else "no_face", [])
    return ImageAnalysis(image, "ok", detector.score_boxes([image], [boxes])[0])


def large_enough(boxes: Sequence[FaceBox]) -> list[FaceBox]:
    """The faces of `MIN_FACE_SIDE` pixels and more."""
    return [box for box in boxes if min(box.width, box.height) >= MIN_FACE_SIDE]
