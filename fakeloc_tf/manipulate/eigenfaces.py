"""A face rebuilt from principal components of faces (Turk & Pentland, 1991).

What an autoencoder of few numbers does to a face, in closed form: what many faces share
stays, what is this face's own (wrinkles, glasses, the gaze) goes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fakeloc_tf.data.self_blending import mean_face

# Side of an aligned face; its crop's share, so that the mean face fills it.
SIDE = 64


class Eigenfaces:
    """Mean and principal components of aligned faces."""

    def __init__(self, faces: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        """Finds the components.

        Args:
            faces: (picture uint8 [H, W, 3] RGB, landmarks float32 [68, 2]) of each.
        """
        rows = np.stack(
            [
                _aligned(image.astype(np.float32), points).ravel()
                for image, points in faces
            ]
        )
        self._mean = rows.mean(0)
        centered = rows - self._mean
        values, vectors = np.linalg.eigh(centered @ centered.T)
        kept = values > 1e-6 * values[-1]
        axes = centered.T @ (vectors[:, kept] / np.sqrt(values[kept]))
        self._axes = np.ascontiguousarray(axes[:, ::-1])

    def rebuilt(
        self, image: np.ndarray, points: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """The picture with its face rebuilt from 15 to 150 components.

        Args:
            image: float32 [h, w, 3] in 0..255.
            points: float32 [68, 2], its landmarks.
            rng: source of how many components, and of small errors in them.
        """
        count = round(np.exp(rng.uniform(np.log(15), np.log(150))))
        axes = self._axes[:, :count]
        weights = (_aligned(image, points).ravel() - self._mean) @ axes
        weights *= 1.0 + rng.normal(0, 0.1, weights.shape).astype(np.float32)
        face = (self._mean + axes @ weights).reshape(SIDE, SIDE, 3)
        height, width = image.shape[:2]
        matrix = _alignment(points)
        back = {"flags": cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP}
        rebuilt = cv2.warpAffine(
            face.astype(np.float32),
            matrix,
            (width, height),
            borderMode=cv2.BORDER_REPLICATE,
            **back,
        )
        inside = cv2.warpAffine(
            np.pad(np.ones((SIDE - 6, SIDE - 6), np.float32), 3),
            matrix,
            (width, height),
            **back,
        )[..., None]
        return image + np.clip(inside, 0, 1) * (rebuilt - image)


def _aligned(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float32 [SIDE, SIDE, 3]: the face where the mean face is."""
    matrix = _alignment(points)
    blurred = cv2.GaussianBlur(image, (0, 0), max(0.3, 0.4 / np.hypot(*matrix[:, 0])))
    return cv2.warpAffine(
        blurred,
        matrix,
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def _alignment(points: np.ndarray) -> np.ndarray:
    """float64 [2, 3]: picture → aligned face."""
    target = SIDE * (0.5 + 1.15 * (mean_face() - (0.5, 0.57)))
    source, middle = points - points.mean(0), target.mean(0)
    a, b = source @ (1, 1j), (target - middle) @ (1, 1j)
    ratio = np.vdot(a, b) / np.vdot(a, a).real
    linear = np.array([[ratio.real, -ratio.imag], [ratio.imag, ratio.real]])
    return np.hstack([linear, (middle - linear @ points.mean(0))[:, None]])
