"""Face boxes and the geometry of the square ×1.3 crop: cut out, put back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class FaceBox:
    """A detected face, in pixels of the frame; may reach beyond its border.

    Attributes:
        score: the detector's; higher is surer.
        pose: `front`, `left` or `right` (the side of the picture that the face looks
            to), or `tilted` (towards a shoulder), as the detector tells; `front` where
            it does not.
    """

    left: float
    top: float
    right: float
    bottom: float
    score: float
    pose: str = "front"

    @property
    def width(self) -> float:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """(x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True)
class CropBox:
    """A square inside the frame; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def side(self) -> int:
        """In pixels."""
        return self.right - self.left


def iou(a: FaceBox, b: FaceBox) -> float:
    """Intersection over union of two boxes (Eq. 7 on rectangles), 0..1."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (a.area + b.area - width * height)


def crop_box(face: FaceBox, margin: float, height: int, width: int) -> CropBox:
    """The square of `margin` × the face's longer side around its centre (§IV-B).

    It is shifted to lie inside the frame, and shrunk only where the frame is smaller.

    Args:
        face: in pixels of the frame.
        margin: factor, >= 1 (paper: 1.3).
        height: of the frame.
        width: of the frame.
    """
    if margin < 1:
        raise ValueError(f"`margin` must be >= 1. Received: margin={margin}")
    if face.width <= 0 or face.height <= 0:
        raise ValueError(f"`face` must have an area. Received: {face}")
    longer = max(face.width, face.height)
    side = max(1, min(round(longer * margin), height, width))
    x, y = face.center
    left = min(max(round(x - side / 2), 0), width - side)
    top = min(max(round(y - side / 2), 0), height - side)
    return CropBox(left, top, left + side, top + side)


def crop(
    image: np.ndarray, box: CropBox, size: int, interpolation: int | None = None
) -> np.ndarray:
    """Cuts `box` out and resizes it once.

    Args:
        image: [H, W, C] or [H, W], any dtype OpenCV resizes.
        box: inside the image.
        size: side of the result.
        interpolation: an OpenCV flag; None = area when shrinking, cubic when growing.

    Returns:
        [size, size, C] or [size, size], dtype of `image`.
    """
    height, width = image.shape[:2]
    if not (0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height):
        raise ValueError(f"`box` must lie in the image. Received: {box}, {image.shape}")
    if interpolation is None:
        interpolation = cv2.INTER_AREA if size < box.side else cv2.INTER_CUBIC
    part = image[box.top : box.bottom, box.left : box.right]
    if part.shape[:2] == (size, size):
        return part.copy()
    return cv2.resize(part, (size, size), interpolation=interpolation)


def crop_mask(mask_uint8: np.ndarray, box: CropBox, size: int) -> np.ndarray:
    """Cuts `box` out of a mask: linear resize, then threshold at one half.

    Nearest-neighbour would move the edge by up to half a source pixel.

    Args:
        mask_uint8: uint8 [H, W], 0 or 255.
        box: inside the mask.
        size: side of the result.

    Returns:
        uint8 [size, size], 0 or 255.
    """
    flag = cv2.INTER_AREA if size < box.side else cv2.INTER_LINEAR
    soft = crop(mask_uint8, box, size, interpolation=flag)
    return np.where(soft >= 128, 255, 0).astype(np.uint8)


def paste(crop_map: np.ndarray, box: CropBox, height: int, width: int) -> np.ndarray:
    """Puts a map of a crop back into the frame: the inverse of `crop`.

    Args:
        crop_map: float [S, S].
        box: where the crop was cut.
        height: of the frame.
        width: of the frame.

    Returns:
        float32 [height, width], 0 outside of `box`.
    """
    if crop_map.ndim != 2:
        raise ValueError(f"`crop_map` must be [S, S]. Received: {crop_map.shape}")
    flag = cv2.INTER_AREA if box.side < crop_map.shape[0] else cv2.INTER_LINEAR
    size = (box.right - box.left, box.bottom - box.top)
    frame_map = np.zeros((height, width), np.float32)
    frame_map[box.top : box.bottom, box.left : box.right] = cv2.resize(
        crop_map.astype(np.float32), size, interpolation=flag
    )
    return frame_map
