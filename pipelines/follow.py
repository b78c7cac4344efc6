"""Picks one face a frame and stays with it through a video."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.media.boxes import FaceBox, iou
from fakeloc_tf.media.faces import DlibDetector, FaceDetector
from pipelines.masks import overlap

SAME_FACE_IOU = 0.3


class FaceFollower:
    """Finds the face of a video's person, cheaply: of about its last size or larger.

    Such a search leaves out the finest copies of the frame. The full one is made at
    the start, and when the first finds no face, or none that is manipulated.
    """

    def __init__(self, min_score: float, detector: FaceDetector | None = None) -> None:
        """Makes a follower; `min_score` is for dlib, the detector is for tests."""
        self._detector = detector or DlibDetector(min_score=min_score)
        self._last: FaceBox | None = None

    def start(self) -> None:
        """Forgets the last face: another video begins."""
        self._last = None

    def find(
        self, image_uint8: np.ndarray, mask_uint8: np.ndarray | None
    ) -> FaceBox | None:
        """The face of this frame, or None.

        Where there are several: the one with most of the mask; without a mask the one
        that was followed, else the largest.

        Args:
            image_uint8: uint8 [H, W, 3] RGB.
            mask_uint8: uint8 [H, W], 0 or 255, if the frame has a mask.
        """
        last, face = self._last, None
        if last is not None:
            face = self._choose(
                self._detector.detect(image_uint8, side=last.width), mask_uint8
            )
        if face is None or (mask_uint8 is not None and not overlap(mask_uint8, face)):
            face = self._choose(self._detector.detect(image_uint8), mask_uint8)
        self._last = face or last
        return face

    def _choose(
        self, faces: list[FaceBox], mask_uint8: np.ndarray | None
    ) -> FaceBox | None:
        """One of the faces of a frame."""
        last = self._last

        def rank(face: FaceBox) -> tuple[float, float, float]:
            covered = 0 if mask_uint8 is None else overlap(mask_uint8, face)
            near = 0.0 if last is None else iou(face, last)
            return covered, near if near >= SAME_FACE_IOU else 0.0, face.area

        return max(faces, key=rank, default=None)
