"""The pictures that the report shows of a face, as JPEG bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fakeloc_tf.inference.detector import FaceResult
from fakeloc_tf.inference.overlay import draw, drawn, heat, shrink
from fakeloc_tf.inference.videos import ScoredFrame, Track
from fakeloc_tf.media.faces import FaceBox, crop

CROP_SIDE = 240
SCENE_SIDE = 720
JPEG_QUALITY = 85
# Tracks of a video that the report shows, those with the highest peaks.
MAX_TRACKS = 8


@dataclass(frozen=True)
class Evidence:
    """Pictures and numbers of one face.

    Attributes:
        title: for people.
        crop_jpeg: what the model looked at.
        heat_jpeg: the same under its map.
        scene_jpeg: the whole picture with everything drawn in.
        probability, verdict, manipulated_fraction, box: of the face.
        note: time and means of a track, or empty.
    """

    title: str
    crop_jpeg: bytes
    heat_jpeg: bytes
    scene_jpeg: bytes
    probability: float
    verdict: str
    manipulated_fraction: float
    box: FaceBox
    method_probabilities: dict[str, float] | None
    note: str = ""


def evidence_of(
    image_uint8: np.ndarray, face: FaceResult, title: str, note: str = ""
) -> Evidence:
    """Pictures of one face.

    Args:
        image_uint8: uint8 [H, W, 3] RGB, the whole picture.
    """
    part = crop(image_uint8, face.crop_box, CROP_SIDE)
    level = cv2.resize(face.localization, (CROP_SIDE, CROP_SIDE))
    return Evidence(
        title=title,
        crop_jpeg=jpeg(part),
        heat_jpeg=jpeg(heat(part, level)),
        scene_jpeg=jpeg(shrink(draw(image_uint8, [drawn(face)]), SCENE_SIDE)),
        probability=face.probability,
        verdict=face.verdict,
        manipulated_fraction=face.manipulated_fraction,
        box=face.box,
        method_probabilities=face.method_probabilities,
        note=note,
    )


class Peaks:
    """Keeps, of the tracks with the highest peaks, the frame of each one's peak.

    Its size does not grow with the video: a track that drops out comes back only with
    a peak above those that are kept, which is then its own highest.
    """

    def __init__(self, limit: int = MAX_TRACKS) -> None:
        self._limit = limit
        self._best: dict[int, tuple[int, FaceResult, np.ndarray]] = {}

    def add(self, frame: ScoredFrame) -> None:
        """Takes in one frame."""
        for track, face in zip(frame.tracks, frame.faces, strict=True):
            known = self._best.get(track)
            if known is None or face.probability > known[1].probability:
                self._best[track] = (frame.index, face, frame.image_uint8)
        while len(self._best) > self._limit:
            lowest = min(self._best, key=lambda t: self._best[t][1].probability)
            del self._best[lowest]

    def evidence(self, tracks: Sequence[Track], fps: float) -> list[Evidence]:
        """Pictures of the kept peaks, by track."""
        known = {track.id: track for track in tracks}
        return [
            evidence_of(
                image,
                face,
                f"Track {track}, peak at {index / fps:.2f} s (frame {index})",
                f"mean {known[track].mean_probability:.3f} over "
                f"{known[track].frames} scored frames",
            )
            for track, (index, face, image) in sorted(self._best.items())
        ]


def jpeg(image_uint8: np.ndarray) -> bytes:
    """JPEG bytes of uint8 [H, W, 3] RGB."""
    bgr = cv2.cvtColor(image_uint8, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"JPEG encoding failed. Received: shape={image_uint8.shape}")
    return data.tobytes()
