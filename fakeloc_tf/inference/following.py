"""Faces through a video: looked for everywhere now and then, followed in between."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.media.faces import FaceBox, FaceDetector, FaceTracker

# Between two looks everywhere a face that comes new into the frame is not seen.
FULL_LOOK_SECONDS = 1.0
# Between two samples a face moves by most of its width.
MIN_TRACK_IOU = 0.1
# A face that was away for longer starts a new track.
MAX_GAP_SECONDS = 1.0


class FaceFollower:
    """Finds the faces of sampled frames and gives each person one id.

    Looking for faces of a known size takes a tenth to a third of the time of looking
    for all. That is done while as many faces are found as before; once a second, and
    where a face is lost, all sizes are searched.
    """

    def __init__(self, detector: FaceDetector, step: int, fps: float) -> None:
        """Starts a video.

        Args:
            detector: of faces.
            step: frames from one sample to the next.
            fps: frames a second of the video.
        """
        self._detector = detector
        self._full_every = max(1, round(FULL_LOOK_SECONDS * fps))
        self._last_full: int | None = None
        self._known: list[FaceBox] = []
        max_gap = max(2 * (step + 1), round(MAX_GAP_SECONDS * fps))
        self._tracker = FaceTracker(min_iou=MIN_TRACK_IOU, max_gap=max_gap)

    def find(
        self, index: int, image_uint8: np.ndarray, min_side: float
    ) -> tuple[list[FaceBox], list[int], int]:
        """The faces of one frame; frames come in order.

        Args:
            index: of the frame.
            image_uint8: uint8 [H, W, 3] RGB.
            min_side: smaller faces are only counted.

        Returns:
            The boxes, the track of each, and how many were too small.
        """
        found = self._look(index, image_uint8)
        self._known = found
        faces = large_enough(found, min_side)
        return faces, self._tracker.update(index, faces), len(found) - len(faces)

    def _look(self, index: int, image_uint8: np.ndarray) -> list[FaceBox]:
        """Follows the known faces, or searches everywhere."""
        due = self._last_full is None or index - self._last_full >= self._full_every
        if self._known and not due:
            side = min(min(face.width, face.height) for face in self._known)
            found = self._detector.detect(image_uint8, side=side)
            if len(found) >= len(self._known):
                return found
        self._last_full = index
        return self._detector.detect(image_uint8)


def large_enough(faces: list[FaceBox], min_side: float) -> list[FaceBox]:
    """The faces of at least `min_side` pixels."""
    return [face for face in faces if min(face.width, face.height) >= min_side]
