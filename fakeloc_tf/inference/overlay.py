"""Pictures and videos with boxes, scores and the heat map of the localisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from fakeloc_tf.inference import verdict
from fakeloc_tf.inference.verdict import LIKELY_MANIPULATED, LIKELY_REAL, NOT_SURE
from fakeloc_tf.media.boxes import CropBox, FaceBox, paste
from fakeloc_tf.media.images import to_grey

# Of each verdict its box and the letters on it: Okabe and Ito's vermillion, bluish
# green and orange, made darker and lighter. Colour-blind people tell them apart too.
COLORS = {
    LIKELY_MANIPULATED: ((190, 75, 0), (255, 255, 255)),
    LIKELY_REAL: ((0, 121, 90), (255, 255, 255)),
    NOT_SURE: ((240, 194, 75), (0, 0, 0)),
}
HEAT_ALPHA = 0.65


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


def heat_rgba(localization: np.ndarray) -> np.ndarray:
    """A map as a picture to lay over another; where the map is 0 it is clear.

    Args:
        localization: float [H, W] in 0..1.

    Returns:
        uint8 [H, W, 4] RGBA; the opacity is the level too, 255 = 1.
    """
    level = to_grey(localization)
    bgr = cv2.applyColorMap(level, cv2.COLORMAP_TURBO)
    return np.dstack([cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), level])


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
    rgba = heat_rgba(localization).astype(np.float32)
    # The map is also the opacity, so that what it calls clean stays visible.
    alpha = HEAT_ALPHA / 255 * rgba[..., 3:]
    return np.round(image_uint8 * (1 - alpha) + rgba[..., :3] * alpha).astype(np.uint8)


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


def scene(image_uint8: np.ndarray, face: DrawnFace, max_side: int) -> np.ndarray:
    """The whole picture, smaller, with box and score of one face and without its map.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        face: in pixels of the picture.
        max_side: of the result's longer side; a smaller picture keeps its size.

    Returns:
        uint8 [H', W', 3] RGB.
    """
    picture = shrink(image_uint8, max_side).copy()
    across = picture.shape[1] / image_uint8.shape[1]
    down = picture.shape[0] / image_uint8.shape[0]
    box = replace(
        face.box,
        left=face.box.left * across,
        top=face.box.top * down,
        right=face.box.right * across,
        bottom=face.box.bottom * down,
    )
    _frame_and_text(picture, replace(face, box=box))
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
    color, ink = COLORS[face.verdict]
    unit = max(1, round(min(min(picture.shape[:2]) / 360, face.box.width / 45)))
    box = [round(v) for v in (face.box.left, face.box.top)]
    far = (round(face.box.right) - 1, round(face.box.bottom) - 1)
    cv2.rectangle(picture, (box[0], box[1]), far, color, 2 * unit, cv2.LINE_AA)
    font, scale = cv2.FONT_HERSHEY_SIMPLEX, 0.45 * unit
    for text in _labels(face):
        (width, height), base = cv2.getTextSize(text, font, scale, unit)
        if width + 4 * unit <= picture.shape[1]:
            break
    # Above the box; inside the frame where there is no room above it or to its right.
    left = max(0, min(box[0], picture.shape[1] - width - 4 * unit))
    bottom = max(box[1] - unit, height + base + 2 * unit)
    corner = (left, bottom - height - base - 2 * unit)
    cv2.rectangle(picture, corner, (left + width + 4 * unit, bottom), color, cv2.FILLED)
    at = (left + 2 * unit, bottom - base)
    cv2.putText(picture, text, at, font, scale, ink, unit, cv2.LINE_AA)


def _labels(face: DrawnFace) -> tuple[str, ...]:
    """What can stand at the box, the longest first."""
    number = f"{face.probability:.2f}"
    if face.track is not None:
        # Several faces stand close in a video: short labels, the colour is the verdict.
        return (f"#{face.track} {number}", number)
    return (f"{verdict.shown(face.verdict)} {number}", number)
