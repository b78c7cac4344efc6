"""A portrait as another camera might see it: pose, size, background, light.

What happens here happens to the real face and to the fake one of a pair alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fakeloc_tf.data.made.background import other_background
from fakeloc_tf.data.made.light import lit
from fakeloc_tf.data.self_blending import mean_face
from fakeloc_tf.manipulate import geometry

# Sides of the crop of a face in a video, in pixels; log-uniform between the two.
CROP_SIDE = (110.0, 320.0)
# The scene around the crop, in shares of its side: room for crops beside the middle.
MARGIN = 0.3

# Steps of the fixed point that inverts the field of a turned head.
_INVERSIONS = 4

# iBUG order of the 68 points of the face seen in a mirror.
# fmt: off
MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
])
# fmt: on


@dataclass(frozen=True)
class Scene:
    """A frame with one face in its middle.

    Attributes:
        image_uint8: uint8 [S, S, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        side: of the crop in the middle that a face detector would lead to, pixels.
    """

    image_uint8: np.ndarray
    landmarks: np.ndarray
    side: float

    @property
    def center(self) -> float:
        """x and y of the middle of the crop."""
        return self.image_uint8.shape[0] / 2


def random_scene(
    image_uint8: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> Scene:
    """Draws a scene of a portrait.

    Args:
        image_uint8: uint8 [H, W, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
    """
    if rng.random() < 0.5:
        image_uint8 = image_uint8[:, ::-1]
        landmarks = landmarks[MIRRORED]
        landmarks = np.stack(
            [image_uint8.shape[1] - 1 - landmarks[:, 0], landmarks[:, 1]], -1
        )
    if rng.random() < 0.6:
        image_uint8 = other_background(image_uint8, landmarks, rng)
    low, high = np.log(CROP_SIDE)
    side = float(np.exp(rng.uniform(low, high)))
    canvas = round(side * (1 + 2 * MARGIN))
    matrix = _view(landmarks, side, canvas, rng)
    seen = _warped(image_uint8, matrix, canvas)
    points = cv2.perspectiveTransform(landmarks[None].astype(np.float64), matrix)[0]
    if rng.random() < 0.7:
        seen, points = _turned(seen, points, side, rng)
    points = points.astype(np.float32)
    return Scene(lit(seen, points, rng), points, side)


def face_square(landmarks: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Where the crop of a face lies, by the mean face in crops.

    Args:
        landmarks: float [68, 2], x, y in pixels.

    Returns:
        Centre float64 [2] and side in pixels, and the face's turn in radians.
    """
    fit = geometry.fit_similarity(mean_face(), landmarks)
    cosine, sine = fit[:, 0]
    center = fit @ (0.5, 0.5, 1.0)
    return center, float(np.hypot(cosine, sine)), float(np.arctan2(sine, cosine))


def _view(
    landmarks: np.ndarray, side: float, canvas: int, rng: np.random.Generator
) -> np.ndarray:
    """float64 [3, 3]: portrait → scene; a turn, a squeeze, a shear, a perspective."""
    center, crop, _ = face_square(landmarks)
    turn = np.radians(rng.normal(0.0, 8.0))
    cosine, sine = np.cos(turn), np.sin(turn)
    squeeze = np.exp(rng.normal(0.0, 0.07))
    shape = np.array([[squeeze, rng.normal(0.0, 0.05)], [0.0, 1.0 / squeeze]])
    linear = side / crop * np.array([[cosine, -sine], [sine, cosine]]) @ shape
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = canvas / 2 - linear @ center
    about = np.array([[1, 0, -canvas / 2], [0, 1, -canvas / 2], [0, 0, 1.0]])
    tilt = np.eye(3)
    tilt[2, :2] = rng.normal(0.0, 0.12, 2) / canvas
    return np.linalg.inv(about) @ tilt @ about @ matrix


def _turned(
    image_uint8: np.ndarray, points: np.ndarray, side: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A head turned a little to a side, and bent: one cheek wider than the other.

    Portraits are frontal. One smooth field for the whole scene leaves no seam.
    """
    canvas = image_uint8.shape[0]
    along = (np.arange(canvas, dtype=np.float32) - canvas / 2) / (0.6 * side)
    bow = np.maximum(1.0 - along**2, 0.0) ** 2
    field = geometry.smooth_field(rng, 4, canvas, canvas)
    field *= np.float32(side * rng.uniform(0.0, 0.025))
    yaw, pitch = side * rng.normal(0.0, (0.06, 0.03))
    field[..., 0] += np.float32(yaw) * bow * bow[:, None]
    field[..., 1] += np.float32(pitch) * bow[:, None] * bow
    # `remap` reads at the pixel plus the field: what was at `points` is where
    # `moved` + field(moved) = points.
    moved = points
    for _ in range(_INVERSIONS):
        columns, rows = np.clip(np.rint(moved), 0, canvas - 1).astype(int).T
        moved = points - field[rows, columns]
    return geometry.remap(image_uint8, field, cv2.INTER_CUBIC), moved


def _warped(image_uint8: np.ndarray, matrix: np.ndarray, canvas: int) -> np.ndarray:
    """uint8 [canvas, canvas, 3]; shrunk by areas first, so that nothing aliases."""
    factor = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if factor < 0.75:
        small = cv2.resize(
            image_uint8, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
        )
        height, width = image_uint8.shape[:2]
        back = np.diag([width / small.shape[1], height / small.shape[0], 1.0])
        image_uint8, matrix = small, matrix @ back
    return cv2.warpPerspective(
        np.ascontiguousarray(image_uint8),
        matrix,
        (canvas, canvas),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
