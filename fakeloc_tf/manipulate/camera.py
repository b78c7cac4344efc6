"""A portrait seen by a hand-held camera: the pristine frames of a demo video."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

# Sub-pixel errors of a landmark tracker, so that masks breathe as real ones do.
_TRACKER_JITTER = 0.4


def pristine_frames(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    count: int,
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Frames with smooth camera motion, exposure drift and sensor noise.

    Real videos are these frames; fakes are these frames, manipulated. So nothing but
    the manipulation tells them apart.

    Args:
        image_uint8: uint8 [H, W, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels.
        count: number of frames.
        rng: source of the motion and the noise.

    Yields:
        (uint8 [H', W', 3], float32 [68, 2]); H' and W' are H and W, made even.
    """
    height, width = (side - side % 2 for side in image_uint8.shape[:2])
    center = np.array([image_uint8.shape[1], image_uint8.shape[0]]) / 2
    zooms = 1.025 + 0.045 * drift(rng, count)
    turns = np.deg2rad(1.8) * drift(rng, count)
    shifts = 4.0 * np.stack([drift(rng, count), drift(rng, count)], -1)
    exposures = 1.0 + 0.04 * drift(rng, count)
    sigma = rng.uniform(1.0, 2.5)
    image = image_uint8.astype(np.float32)
    for frame in range(count):
        matrix = _similarity(zooms[frame], turns[frame], center, shifts[frame])
        seen = cv2.warpAffine(
            image,
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        noise = sigma * rng.standard_normal(seen.shape, np.float32)
        exposed = seen * np.float32(exposures[frame]) + noise
        points = landmarks @ matrix[:, :2].T + matrix[:, 2]
        points += _TRACKER_JITTER * rng.standard_normal(points.shape)
        yield (
            np.clip(np.rint(exposed), 0, 255).astype(np.uint8),
            points.astype(np.float32),
        )


def drift(rng: np.random.Generator, count: int) -> np.ndarray:
    """float64 [count] in -1..1: a smooth random course (three slow sinusoids)."""
    time = np.arange(count) / 25.0
    amplitudes = rng.dirichlet(np.ones(3))
    frequencies = rng.uniform(0.1, 1.2, 3)
    phases = rng.uniform(0, 2 * np.pi, 3)
    waves = np.sin(2 * np.pi * frequencies * time[:, None] + phases)
    return waves @ amplitudes


def _similarity(
    zoom: float, turn: float, center: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """float64 [2, 3]: zoom and turn (radians) about `center`, then shift."""
    cosine, sine = zoom * np.cos(turn), zoom * np.sin(turn)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.hstack([linear, (center + shift - linear @ center)[:, None]])
