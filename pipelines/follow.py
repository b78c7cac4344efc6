"""Picks one face a frame and stays with it through a video."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.media.boxes import FaceBox, iou
from fakeloc_tf.media.faces import DlibDetector, FaceDetector
from pipelines.masks import overlap

# Around the last box we look in a window of this × its side: a face moves less than
# half its width between two sampled frames.
WINDOW = 2.0
# dlib needs 80 pixels of face; the window has two faces' width.
WINDOW_SIDE = 240
SAME_FACE_IOU = 0.3


class FaceFollower:
    """Finds the face of a video's person, cheaply: near its last place first.

    A detection in a window costs a fifth of one in the whole frame and gives the same
    kind of box. The whole frame is searched at the start, when the window has no face
    that overlaps the last one, and when that face is not the manipulated one.
    """

    def __init__(
        self,
        min_score: float,
        whole: FaceDetector | None = None,
        near: FaceDetector | None = None,
    ) -> None:
        """Makes a follower; `min_score` is for dlib, the detectors are for tests."""
        self._whole = whole or DlibDetector(min_score=min_score)
        self._near = near or DlibDetector(max_side=WINDOW_SIDE, min_score=min_score)
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
        face = self._find_near(image_uint8)
        if face is None or (mask_uint8 is not None and not overlap(mask_uint8, face)):
            face = self._choose(self._whole.detect(image_uint8), mask_uint8)
        self._last = face or self._last
        return face

    def _find_near(self, image_uint8: np.ndarray) -> FaceBox | None:
        """The last face, searched in a window around its last place."""
        last = self._last
        if last is None:
            return None
        height, width = image_uint8.shape[:2]
        reach = WINDOW * max(last.width, last.height) / 2
        x, y = last.center
        left, right = max(0, int(x - reach)), min(width, int(x + reach))
        top, bottom = max(0, int(y - reach)), min(height, int(y + reach))
        window = np.ascontiguousarray(image_uint8[top:bottom, left:right])
        faces = [
            FaceBox(
                face.left + left,
                face.top + top,
                face.right + left,
                face.bottom + top,
                face.score,
            )
            for face in self._near.detect(window)
        ]
        nearest = max(faces, key=lambda face: iou(face, last), default=None)
        if nearest is None or iou(nearest, last) < SAME_FACE_IOU:
            return None
        return nearest

    def _choose(
        self, faces: list[FaceBox], mask_uint8: np.ndarray | None
    ) -> FaceBox | None:
        """One of the faces of a whole frame."""
        last = self._last

        def rank(face: FaceBox) -> tuple[float, float, float]:
            covered = 0 if mask_uint8 is None else overlap(mask_uint8, face)
            return covered, 0.0 if last is None else iou(face, last), face.area

        return max(faces, key=rank, default=None)
