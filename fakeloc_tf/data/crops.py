"""A record's picture as the crop that `fakeloc detect` would cut."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.media import faces


def model_crop(image_uint8: np.ndarray, size: int) -> np.ndarray:
    """The whole picture at a model's `crop_size`, by the code that cuts faces.

    Args:
        image_uint8: uint8 [S, S, 3] of a record.
        size: C.

    Returns:
        uint8 [C, C, 3].
    """
    side = image_uint8.shape[0]
    return faces.crop(image_uint8, faces.CropBox(0, 0, side, side), size)
