"""Small changes of colour and light, as a face rendered elsewhere brings along."""

from __future__ import annotations

import cv2
import numpy as np


def shift_colour(
    image: np.ndarray, rng: np.random.Generator, amount: float
) -> np.ndarray:
    """Random exposure, white balance, contrast and saturation.

    Args:
        image: float32 [H, W, 3] in 0..255.
        rng: source of the changes.
        amount: relative size of each change; 0.1 = about 10 %.

    Returns:
        float32 [H, W, 3], not clipped.
    """
    exposure, contrast, saturation = 1.0 + rng.uniform(-amount, amount, 3)
    # Contrary casts on red and blue change the hue and leave the brightness.
    cast = rng.uniform(-0.5, 0.5) * amount
    gray = np.full((3, 3), 1 / 3)
    colour = contrast * (gray + saturation * (np.eye(3) - gray))
    colour = colour @ np.diag(exposure * np.array([1 + cast, 1, 1 - cast]))
    mean = np.array(cv2.mean(image)[:3])
    # Contrast turns about the exposed mean, so that it does not act as exposure.
    offset = (1 - contrast) * exposure * mean
    return cv2.transform(image, np.hstack([colour, offset[:, None]]))


def tilt_light(
    image: np.ndarray, rng: np.random.Generator, amount: float
) -> np.ndarray:
    """A linear gradient of light over the picture in a random direction.

    image: float32 [H, W, 3] in 0..255; amount: relative change at the borders.
    """
    ramp = _ramp(image, rng)
    return image * (1.0 + np.float32(amount) * ramp)[..., None]


def side_light(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light from one side that fades, softly or at once, into shade.

    image: float32 [H, W, 3] in 0..255; the shade keeps 30 to 100 % of the light.
    """
    along = _ramp(image, rng)
    edge, softness = rng.uniform(-0.5, 0.5), np.exp(rng.uniform(np.log(0.05), 0.0))
    lit = 1.0 / (1.0 + np.exp((along - np.float32(edge)) / np.float32(softness)))
    shade = np.float32(rng.uniform(0.3, 1.0))
    return image * (shade + (1 - shade) * lit)[..., None]


def _ramp(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float32 [H, W] over a picture, rising in a random direction; 0 in the middle."""
    height, width = image.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None]
    return np.float32(np.sin(angle)) * rows + np.float32(np.cos(angle)) * columns


def match_colours(
    source: np.ndarray, target: np.ndarray, region: np.ndarray, contrast: float = 0.0
) -> np.ndarray:
    """Gives a region the mean colour of another picture (Reinhard et al., 2001).

    Args:
        source: float32 [H, W, 3] in 0..255.
        target: like it.
        region: uint8 [H, W], not 0 where the two are compared.
        contrast: 0..1, how far the standard deviations are matched too.

    Returns:
        float32 [H, W, 3], not clipped.
    """
    mean, spread = (v.ravel() for v in cv2.meanStdDev(source, mask=region))
    there, spread_there = (v.ravel() for v in cv2.meanStdDev(target, mask=region))
    ratio = np.clip((spread_there + 1.0) / (spread + 1.0), 0.5, 2.0) ** contrast
    return (source - mean.astype(np.float32)) * ratio.astype(np.float32) + there.astype(
        np.float32
    )


def in_8_bits(image: np.ndarray) -> np.ndarray:
    """float in 0..255 and beyond to uint8, rounded."""
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)
