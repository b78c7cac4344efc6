"""What every manipulation returns, and the one place that blends and makes masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Blend weights up to here count as "not touched": the long tail of a blurred edge
# changes no pixel by more than a fraction of a grey level, but would widen the mask.
TAIL = 0.1


@dataclass(frozen=True)
class Manipulation:
    """A manipulated picture and where it was manipulated.

    Attributes:
        image_uint8: uint8 [H, W, 3], RGB; equals the pristine picture bit for bit
            wherever `mask_uint8` is 0.
        mask_uint8: uint8 [H, W], 0 or 255 = blended.
    """

    image_uint8: np.ndarray
    mask_uint8: np.ndarray


# (image uint8 [H, W, 3], landmarks float32 [68, 2], generator, strength >= 0: in the
# demo 1)
Method = Callable[[np.ndarray, np.ndarray, np.random.Generator, float], Manipulation]


def blend(
    image_uint8: np.ndarray,
    window: tuple[slice, slice],
    altered: np.ndarray,
    alpha: np.ndarray,
) -> Manipulation:
    """Blends an altered window into the pristine picture.

    Args:
        image_uint8: uint8 [H, W, 3], the pristine picture.
        window: rows and columns of the [h, w] window.
        altered: float32 [h, w, 3] in 0..255.
        alpha: float32 [h, w] in 0..1, the weight of `altered`.

    Returns:
        The blended picture; its mask is exactly where the weight is not 0.
    """
    weight = np.clip((alpha - TAIL) / (1.0 - TAIL), 0.0, 1.0)[..., None]
    pristine = image_uint8[window]
    mixed = pristine + weight * (altered - pristine)
    image = image_uint8.copy()
    # 0 · difference is 0, so rounding gives the pristine value back at weight 0.
    image[window] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[window] = np.where(weight[..., 0] > 0, 255, 0)
    return Manipulation(image, mask)
