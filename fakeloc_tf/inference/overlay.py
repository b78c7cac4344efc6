"""Pictures and videos with boxes, scores and the heat-map of the localisation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import MANIPULATED, FaceResult
from fakeloc_tf.media.faces import CropBox, FaceBox, paste
from fakeloc_tf.media.video import read_frames, write_video

log = logging.getLogger(__name__)

# Vermillion and bluish green of Okabe and Ito: told apart by colour-blind people too.
COLORS = {MANIPULATED: (213, 94, 0), "real": (0, 158, 115)}
HEAT_ALPHA = 0.65
# Encoding 1080p takes twice the time of scoring it, to look at a box.
MAX_VIDEO_SIDE = 1280


@dataclass(frozen=True)
class DrawnFace:
    """What is drawn of one face.

    Attributes:
        localization: float32 [S, S] in 0..1, the map of `crop_box`.
        track: id to show in front of the score, or None.
    """

    box: FaceBox
    crop_box: CropBox
    probability: float
    verdict: str
    localization: np.ndarray
    track: int | None = None


def drawn(face: FaceResult, track: int | None = None) -> DrawnFace:
    """The drawable part of a result."""
    return DrawnFace(
        face.box,
        face.crop_box,
        face.probability,
        face.verdict,
        face.localization,
        track,
    )


def heat(image_uint8: np.ndarray, localization: np.ndarray) -> np.ndarray:
    """Lays a map over a picture of the same size; where the map is 0 nothing changes.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        localization: float [H, W] in 0..1.

    Returns:
        uint8 [H, W, 3] RGB.
    """
    if image_uint8.shape[:2] != localization.shape:
        raise ValueError(
            "`localization` must have the picture's size. Received: "
            f"{localization.shape}, {image_uint8.shape}"
        )
    level = np.clip(localization, 0.0, 1.0).astype(np.float32)
    bgr = cv2.applyColorMap(np.round(255 * level).astype(np.uint8), cv2.COLORMAP_TURBO)
    colors = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32)
    # The map is also the opacity, so that what it calls clean stays visible.
    alpha = HEAT_ALPHA * level[..., None]
    return np.round(image_uint8 * (1 - alpha) + colors * alpha).astype(np.uint8)


def draw(image_uint8: np.ndarray, faces: Sequence[DrawnFace]) -> np.ndarray:
    """A copy of uint8 [H, W, 3] RGB with map, box and score of every face."""
    picture = image_uint8.copy()
    for face in faces:
        box = face.crop_box
        area = (slice(box.top, box.bottom), slice(box.left, box.right))
        level = paste(face.localization, box, *picture.shape[:2])[area]
        picture[area] = heat(picture[area], level)
    for face in faces:
        _frame_and_text(picture, face)
    return picture


def shrink(image_uint8: np.ndarray, max_side: int) -> np.ndarray:
    """uint8 [H, W, 3] with its longer side at most `max_side`."""
    height, width = image_uint8.shape[:2]
    scale = max_side / max(height, width)
    if scale >= 1:
        return image_uint8
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image_uint8, size, interpolation=cv2.INTER_AREA)


def _frame_and_text(picture: np.ndarray, face: DrawnFace) -> None:
    """Draws the box and its label into `picture`."""
    color = COLORS[face.verdict]
    unit = max(1, round(min(min(picture.shape[:2]) / 360, face.box.width / 45)))
    box = [round(v) for v in (face.box.left, face.box.top)]
    far = (round(face.box.right) - 1, round(face.box.bottom) - 1)
    cv2.rectangle(picture, (box[0], box[1]), far, color, 2 * unit, cv2.LINE_AA)
    text = f"{face.verdict} {face.probability:.2f}"
    if face.track is not None:
        # Several faces stand close in a video: short labels, the colour is the verdict.
        text = f"#{face.track} {face.probability:.2f}"
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit
    (width, height), base = cv2.getTextSize(text, font, scale, unit)
    # Above the box; inside the frame where there is no room above it or to its right.
    left = max(0, min(box[0], picture.shape[1] - width - 4 * unit))
    bottom = max(box[1] - unit, height + base + 2 * unit)
    corner = (left, bottom - height - base - 2 * unit)
    cv2.rectangle(picture, corner, (left + width + 4 * unit, bottom), color, cv2.FILLED)
    at = (left + 2 * unit, bottom - base)
    cv2.putText(picture, text, at, font, scale, (255, 255, 255), unit, cv2.LINE_AA)


def write_overlay_video(
    source: Path,
    target: Path,
    fps: float,
    sampled: Sequence[int],
    faces_of: Callable[[int, np.ndarray], list[DrawnFace]],
) -> None:
    """Writes the whole video with what was found drawn in, sound kept (H.264).

    Its longer side is at most `MAX_VIDEO_SIDE`. A frame between two sampled ones
    shows the faces of the earlier one. Sound that an MP4 cannot hold is left out,
    with a warning.

    Args:
        source: the video.
        target: the overlay.
        fps: of the source.
        sampled: indices of the sampled frames, ascending.
        faces_of: faces of a sampled frame, from its index and picture; called for
            each, in order.

    Raises:
        FakelocError: the source cannot be read.
    """

    def frames() -> Iterator[np.ndarray]:
        marks = frozenset(sampled)
        faces: list[DrawnFace] = []
        for index, image in read_frames(source):
            if index in marks:
                faces = faces_of(index, image)
            yield shrink(draw(image, faces), MAX_VIDEO_SIDE)

    try:
        write_video(target, frames(), fps, audio_from=source)
    except FakelocError as error:
        log.warning("%s; its overlay is written without sound", error)
        write_video(target, frames(), fps)
