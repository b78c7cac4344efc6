"""Faces: detection and tracking; their boxes and crops are those of `media.boxes`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import cv2
import dlib
import numpy as np
from scipy.optimize import linear_sum_assignment

from fakeloc_tf.media.boxes import (
    CropBox,
    FaceBox,
    crop,
    crop_box,
    crop_mask,
    iou,
    paste,
)

__all__ = [
    "CropBox",
    "DlibDetector",
    "FaceBox",
    "FaceDetector",
    "FaceTracker",
    "crop",
    "crop_box",
    "crop_mask",
    "iou",
    "paste",
]


class FaceDetector(Protocol):
    """Anything that finds faces; the package has `DlibDetector`."""

    def detect(self, image_uint8: np.ndarray) -> list[FaceBox]:
        """Faces in uint8 [H, W, 3] RGB, the largest first."""
        ...


# dlib scans copies of the picture, each 5/6 of the one before, and gives boxes of 80
# pixels in the copy: their sizes in the frame are on a ladder that its scale sets.
PYRAMID_STEP = 6 / 5
# The largest scale: that of a frame which dlib has upsampled once.
LARGEST_SCALE = 2.0


def on_ladder(scale: float) -> float:
    """The next scale at or above that gives boxes of the same sizes as scale 2 does.

    A frame that was shrunk by any other factor gives boxes up to 10% larger or smaller
    than the same frame in full: crops of one face would jump between sizes.
    """
    steps = math.floor(math.log(LARGEST_SCALE / scale, PYRAMID_STEP) + 1e-9)
    return LARGEST_SCALE / PYRAMID_STEP ** max(0, steps)


class DlibDetector:
    """dlib's frontal HOG detector (§IV-B) on a frame of bounded size.

    It finds faces of about 80 pixels and more. Where it finds none it looks once more
    at about twice the scale: in a large frame that is a finer copy, in a small one an
    enlarged copy.
    """

    def __init__(
        self,
        max_side: int = 640,
        upsample: int = 0,
        min_score: float = 0.1,
        second_side: int | None = None,
    ) -> None:
        """Makes a detector; dlib's model is loaded at the first call.

        Args:
            max_side: the longer side is shrunk to this, or up to a fifth more
                (`on_ladder`), before detection.
            upsample: dlib's doublings before detection.
            min_score: boxes below are dropped; false ones score near 0, faces 0.3
                and more.
            second_side: bound on the longer side of the second look; without room
                below it there is none. None = twice the first.
        """
        if max_side < 80:
            raise ValueError(f"`max_side` must be >= 80. Received: {max_side}")
        self.max_side = max_side
        self.upsample = upsample
        self.min_score = min_score
        self.second_side = second_side or 2 * max_side
        self._dlib: Any = None

    def detect(self, image_uint8: np.ndarray) -> list[FaceBox]:
        """Faces in uint8 [H, W, 3] RGB, the largest first."""
        if image_uint8.dtype != np.uint8 or image_uint8.ndim != 3:
            raise ValueError(
                "`image_uint8` must be uint8 [H, W, 3]. Received: "
                f"{image_uint8.dtype} {image_uint8.shape}"
            )
        gray = cv2.cvtColor(image_uint8, cv2.COLOR_RGB2GRAY)
        scale = on_ladder(min(1.0, self.max_side / max(gray.shape)))
        faces = self._detect_at(gray, scale)
        finer = on_ladder(
            min(2 * scale, LARGEST_SCALE, self.second_side / max(gray.shape))
        )
        return self._detect_at(gray, finer) if not faces and finer > scale else faces

    def _detect_at(self, gray_uint8: np.ndarray, scale: float) -> list[FaceBox]:
        """Faces in the frame's own pixels, found at `scale`."""
        if self._dlib is None:
            self._dlib = dlib.get_frontal_face_detector()
        if scale != 1.0:
            shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            gray_uint8 = cv2.resize(
                gray_uint8, None, fx=scale, fy=scale, interpolation=shrink
            )
        boxes, scores, _ = self._dlib.run(gray_uint8, self.upsample, self.min_score)
        faces = [
            FaceBox(
                box.left() / scale,
                box.top() / scale,
                # dlib's right and bottom are inclusive.
                (box.right() + 1) / scale,
                (box.bottom() + 1) / scale,
                float(score),
            )
            for box, score in zip(boxes, scores, strict=True)
        ]
        return sorted(faces, key=lambda face: (-face.area, face.left, face.top))

    def __getstate__(self) -> dict[str, Any]:
        # dlib's detector cannot be pickled to workers; each loads its own.
        return self.__dict__ | {"_dlib": None}


class FaceTracker:
    """Gives the same person the same id from frame to frame, by overlap of boxes."""

    def __init__(self, min_iou: float = 0.3, max_gap: int = 30) -> None:
        """Starts without tracks.

        Args:
            min_iou: a face belongs to a track only from this overlap on.
            max_gap: frames that a track may be without a face before it ends.
        """
        self.min_iou = min_iou
        self.max_gap = max_gap
        self._tracks: dict[int, tuple[int, FaceBox]] = {}
        self._count = 0

    def update(self, frame_index: int, faces: Sequence[FaceBox]) -> list[int]:
        """Ids of the faces of one frame; frames come in order.

        Faces and tracks are paired so that the sum of overlaps is largest.
        """
        self._tracks = {
            track: (seen, box)
            for track, (seen, box) in self._tracks.items()
            if frame_index - seen <= self.max_gap
        }
        tracks = list(self._tracks)
        overlap = np.zeros((len(faces), len(tracks)))
        for row, face in enumerate(faces):
            for column, track in enumerate(tracks):
                overlap[row, column] = iou(face, self._tracks[track][1])
        # Pairs that are too far apart must not win a place in the best sum.
        overlap[overlap < self.min_iou] = 0.0
        ids = [-1] * len(faces)
        for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[row, column] > 0:
                ids[row] = tracks[column]
        for row, face in enumerate(faces):
            if ids[row] < 0:
                ids[row] = self._count
                self._count += 1
            self._tracks[ids[row]] = (frame_index, face)
        return ids
