"""A face rebuilt from principal components of faces (Turk & Pentland, 1991).

What an autoencoder of few numbers does to a face, in closed form: what many faces share
stays, what is this face's own (wrinkles, glasses, the gaze) goes.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry

# Pixels of an aligned face. The mean face fills them: it is enlarged around its middle,
# in shares of its crop.
SIDE = 96
ZOOM, MIDDLE = 1.15, (0.5, 0.57)


class Eigenfaces:
    """Mean and principal components of aligned faces."""

    def __init__(
        self, faces: Sequence[tuple[np.ndarray, np.ndarray]], mean_face: np.ndarray
    ) -> None:
        """Finds the components.

        Args:
            faces: (picture uint8 [H, W, 3] RGB, landmarks float32 [68, 2]) of each.
            mean_face: float [68, 2], landmarks of the mean face in shares of its crop.
        """
        self._place = SIDE * (0.5 + ZOOM * (mean_face - MIDDLE))
        rows = np.stack(
            [
                self._aligned(image.astype(np.float32), points).ravel()
                for image, points in faces
            ]
        )
        self._mean = rows.mean(0)
        centered = rows - self._mean
        values, vectors = np.linalg.eigh(centered @ centered.T)
        kept = values > 1e-6 * values[-1]
        axes = centered.T @ (vectors[:, kept] / np.sqrt(values[kept]))
        self._axes = np.ascontiguousarray(axes[:, ::-1])
        self._spread = np.sqrt(values[kept][::-1] / len(rows)).astype(np.float32)

    def rebuilt(
        self, image: np.ndarray, points: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """The picture with its face rebuilt from 20 to 300 components.

        Half of the faces drift towards a face that is drawn from the components'
        normal distribution and belongs to nobody, as an identity swap would.

        Args:
            image: float32 [h, w, 3] in 0..255.
            points: float32 [68, 2], its landmarks.
            rng: source of how many components, of the drift and of small errors.
        """
        count = round(np.exp(rng.uniform(np.log(20), np.log(300))))
        axes = self._axes[:, :count]
        weights = (self._aligned(image, points).ravel() - self._mean) @ axes
        weights *= 1.0 + rng.normal(0, 0.1, weights.shape).astype(np.float32)
        if rng.random() < 0.5:
            nobody = rng.standard_normal(len(weights), np.float32)
            nobody *= self._spread[: len(weights)]
            weights += np.float32(rng.uniform(0.1, 0.7)) * (nobody - weights)
        face = (self._mean + axes @ weights).reshape(SIDE, SIDE, 3)
        height, width = image.shape[:2]
        matrix = geometry.fit_similarity(points, self._place)
        # Its place fades out over three of its pixels.
        place = np.pad(
            np.ones((SIDE - 6, SIDE - 6, 1), np.float32), ((3, 3), (3, 3), (0, 0))
        )
        rebuilt = cv2.warpAffine(
            np.concatenate([face.astype(np.float32), place], -1),
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        inside = np.clip(rebuilt[..., 3:], 0, 1)
        return image + inside * (rebuilt[..., :3] - image)

    def _aligned(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """float32 [SIDE, SIDE, 3]: the face where the mean face is."""
        matrix = geometry.fit_similarity(points, self._place)
        sigma = max(0.3, 0.4 / np.hypot(*matrix[:, 0]))
        return cv2.warpAffine(
            cv2.GaussianBlur(image, (0, 0), sigma),
            matrix,
            (SIDE, SIDE),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
