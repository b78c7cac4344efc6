"""Faces: detection and tracking; their boxes and crops are those of `media.boxes`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import dlib
import numpy as np

from fakeloc_tf.media.boxes import (
    CropBox,
    FaceBox,
    crop,
    crop_box,
    crop_mask,
    iou,
    paste,
)
from fakeloc_tf.media.pyramid import level_at, level_for, level_image

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

    def detect(self, image_uint8: np.ndarray, side: float = 0.0) -> list[FaceBox]:
        """Faces in uint8 [H, W, 3] RGB, the largest first.

        Where `side` is given, a face of about so many pixels is looked for; others
        need not be found.
        """
        ...


# The second look is finer by this factor.
SECOND_LOOK = 2.4
# A face that is looked for may have become smaller by so many levels; and the more of
# them dlib makes itself, the nearer are the scores to those of its full pyramid.
FINER_LEVELS = 3
# Of dlib's five filters (frontal_face_detector.h). Two are for faces that look to a
# side, two are the front one rotated either way.
POSES = ("front", "left", "right", "tilted", "tilted")


class DlibDetector:
    """dlib's frontal HOG detector (§IV-B) on a frame of bounded size.

    It searches coarse levels of the pyramid that dlib makes of a frame upsampled once
    (`media.pyramid`): the boxes are those of that search, at a fraction of its cost.
    Faces of about 80 pixels in the bounded frame are found. Where there are none it
    looks once more at `SECOND_LOOK` times the scale.
    """

    def __init__(
        self,
        max_side: int = 640,
        min_score: float = 0.1,
        second_side: int | None = None,
    ) -> None:
        """Makes a detector; dlib's model is loaded at the first call.

        Args:
            max_side: the longer side is shrunk to this, or up to a fifth more (the
                next level of the pyramid), before detection.
            min_score: boxes below are dropped; false ones score near 0, faces 0.3
                and more.
            second_side: bound on the longer side of the second look; without room
                below it there is none. None = `SECOND_LOOK` times the first.
        """
        if max_side < 80:
            raise ValueError(f"`max_side` must be >= 80. Received: {max_side}")
        self.max_side = max_side
        self.min_score = min_score
        self.second_side = second_side or int(SECOND_LOOK * max_side)
        self._dlib: Any = None

    def detect(self, image_uint8: np.ndarray, side: float = 0.0) -> list[FaceBox]:
        """Faces in uint8 [H, W, 3] RGB, the largest first.

        With `side` there is one look, no finer than that face needs.
        """
        if image_uint8.dtype != np.uint8 or image_uint8.ndim != 3:
            raise ValueError(
                "`image_uint8` must be uint8 [H, W, 3]. Received: "
                f"{image_uint8.dtype} {image_uint8.shape}"
            )
        longer = max(image_uint8.shape[:2])
        scale = min(1.0, self.max_side / longer)
        first = level_at(scale)
        second = level_at(min(SECOND_LOOK * scale, self.second_side / longer))
        if side:
            wanted = level_for(side)
            bound = first if wanted >= first else second
            return self._detect_at(image_uint8, max(wanted - FINER_LEVELS, bound))
        faces = self._detect_at(image_uint8, first)
        if faces or second >= first:
            return faces
        return self._detect_at(image_uint8, second)

    def _detect_at(self, image_uint8: np.ndarray, level: int) -> list[FaceBox]:
        """Faces in the frame's own pixels, found at `level` or a coarser one."""
        if self._dlib is None:
            self._dlib = dlib.get_frontal_face_detector()
        copy = level_image(image_uint8, level)
        across, down = (
            frame / length
            for frame, length in zip(
                image_uint8.shape[1::-1], copy.shape[1::-1], strict=True
            )
        )
        boxes, scores, filters = self._dlib.run(copy, 0, self.min_score)
        faces = [
            FaceBox(
                box.left() * across,
                box.top() * down,
                # dlib's right and bottom are inclusive.
                (box.right() + 1) * across,
                (box.bottom() + 1) * down,
                float(score),
                POSES[number],
            )
            for box, score, number in zip(boxes, scores, filters, strict=True)
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
        # Imported here, as it takes 0.15 s, and a picture has no tracks.
        from scipy.optimize import linear_sum_assignment

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
