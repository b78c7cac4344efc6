"""What may differ between a pasted face and the picture around it.

Each change takes and returns float32 [h, w, 3] in 0..255 (not clipped), the landmarks
float32 [68, 2] in its pixels, and a generator.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import in_8_bits, shift_colour, tilt_light
from fakeloc_tf.media.one_frame import jpeg_frame, quick_h264_frame

SourceChange = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


def fewer_pixels(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """As a generator draws it whose face has 28 to 140 pixels."""
    across = np.exp(rng.uniform(np.log(28), np.log(140)))
    factor = min(0.9, across / geometry.face_scale(points))
    return geometry.fewer_pixels(image, factor, rng, shrink=2)


def smoother(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Without its fine grain; edges kept, or not."""
    scale = geometry.face_scale(points)
    kind = rng.integers(3)
    if kind == 0:
        sigma = scale * np.exp(rng.uniform(np.log(0.006), np.log(0.03)))
        return cv2.GaussianBlur(image, (0, 0), sigma)
    image_uint8 = in_8_bits(image)
    if kind == 1:
        size = 3 + 2 * int(rng.integers(0, 1 + max(0, min(2, round(scale / 60)))))
        return cv2.medianBlur(image_uint8, size).astype(np.float32)
    spread = rng.uniform(16, 50)
    return cv2.bilateralFilter(image_uint8, 7, spread, 3.0).astype(np.float32)


def sharper(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Oversharpened."""
    sigma = geometry.face_scale(points) * rng.uniform(0.006, 0.02)
    blurred = cv2.GaussianBlur(image, (0, 0), sigma)
    return image + np.float32(rng.uniform(0.4, 1.5)) * (image - blurred)


def flatter(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """With weaker folds, shadows and highlights, as an average of many faces."""
    return relief(image, points, rng, lambda: rng.uniform(0.55, 0.95))


def relief(
    image: np.ndarray,
    points: np.ndarray,
    rng: np.random.Generator,
    factor: Callable[[], float],
) -> np.ndarray:
    """What stands out of a face, as wide as a wrinkle or as a cheek, times a factor.

    Args:
        image: float32 [h, w, 3] in 0..255.
        points: float32 [68, 2], its landmarks.
        rng: source of the width.
        factor: draws the factor, after the width; below 1 = flatter.

    Returns:
        float32 [h, w, 3], not clipped.
    """
    sigma = geometry.face_scale(points) * np.exp(
        rng.uniform(np.log(0.015), np.log(0.12))
    )
    smooth = cv2.GaussianBlur(image, (0, 0), sigma)
    return smooth + np.float32(factor()) * (image - smooth)


def other_colours(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Another camera's white balance, exposure and contrast."""
    shifted = shift_colour(image, rng, 0.02 + 0.13 * rng.random())
    return shifted + rng.normal(0.0, 2.0, 3).astype(np.float32)


def other_light(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Light from another side."""
    return tilt_light(image, rng, rng.uniform(0.05, 0.3))


def other_noise(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A sensor's or a codec's traces that the rest of the picture has not."""
    kind = rng.integers(3)
    if kind == 0:
        return image + np.float32(rng.uniform(1, 8)) * rng.standard_normal(
            image.shape, np.float32
        )
    if kind == 1:
        return jpeg_frame(in_8_bits(image), int(rng.integers(25, 90))).astype(
            np.float32
        )
    return quick_h264_frame(in_8_bits(image), int(rng.integers(22, 42))).astype(
        np.float32
    )


def misfit(
    image: np.ndarray, points: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Out of place, of another size, bent: eyes and mouth not where they were."""
    scale = geometry.face_scale(points)
    shift = rng.uniform(-0.04, 0.04, 2) * scale
    image = geometry.similarity(image, points.mean(0), rng.uniform(0.94, 1.06), shift)
    if rng.random() < 0.5:
        nodes = int(rng.integers(3, 7))
        field = geometry.smooth_field(rng, nodes, *image.shape[:2])
        image = geometry.remap(
            image, field * np.float32(rng.uniform(0.004, 0.025) * scale)
        )
    return image


# Share of the fakes that get it, in the order in which a face swap would do it.
CHANGES: tuple[tuple[float, SourceChange], ...] = (
    (0.75, misfit),
    (0.45, fewer_pixels),
    (0.25, smoother),
    (0.45, flatter),
    (0.06, sharper),
    (0.45, other_colours),
    (0.12, other_light),
    (0.1, other_noise),
)
