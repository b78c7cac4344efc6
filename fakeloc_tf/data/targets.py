"""Model input and targets of faces; serves training, evaluation and serving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from fakeloc_tf.noise import NOISE_SCALE


def model_input(image_uint8: tf.Tensor, image_size: int) -> tf.Tensor:
    """THE preprocessing: crop → model input; the model itself rescales to ±1.

    Args:
        image_uint8: uint8 or float [..., H, W, 3] in 0..255.

    Returns:
        float32 [..., image_size, image_size, 3] in 0..255.
    """
    size = (image_size, image_size)
    image = tf.cast(image_uint8, tf.float32)
    if image.shape[-3:-1] == size:
        return image
    resized = tf.cond(
        # Decoded pictures have no static shape, and resizing one to its own size takes
        # half as long as decoding it.
        tf.reduce_all(tf.shape(image)[-3:-1] == size),
        lambda: image,
        lambda: tf.image.resize(image, size, antialias=True),
    )
    # Not `ensure_shape` in the first branch: TensorFlow 2.16 runs it in both.
    resized.set_shape([*image.shape[:-3], *size, image.shape[-1]])
    return resized


def soft_mask(mask_uint8: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """float32 [..., h, w, 1] in 0..1: the manipulated share of each cell.

    Args:
        mask_uint8: uint8 [S, S, 1] or [B, S, S, 1], 0 or 255.
        size: (h, w) of the map.
    """
    return _area(mask_uint8, size) / 255.0


def noise_target(noise_uint8: tf.Tensor, size: tuple[int, int], sigma: float) -> Any:
    """float32 [..., h, w, 1]: mean |W|/σ of each cell (target of Eq. 6).

    Note: |W|, not W: the signed residual averages to nothing at the deep map's size.

    Args:
        noise_uint8: uint8 [S, S, 1] or [B, S, S, 1], round(4·|W|).
        sigma: standard deviation of the filter, grey levels.
    """
    return _area(noise_uint8, size) / (NOISE_SCALE * sigma)


def make_targets(
    faces: Mapping[str, Any], map_sizes: Mapping[str, tuple[int, int]], sigma: float
) -> dict[str, tf.Tensor]:
    """Every target of a face or of a batch of them.

    Args:
        faces: parsed record (`records.parse`), or a batch of records of one size.
        map_sizes: tap → (height, width) of its maps (`models.detector.map_sizes`);
            a tap that is not in there has no targets.
        sigma: of the noise filter the records were made with.

    Returns:
        `label` float32 [..., 1], `method` int64 [...], `mask_valid` float32 [...], and
        for each tap `semantic_<tap>` and `noise_<tap>` float32 [..., h, w, 1].
    """
    targets = {
        "label": tf.cast(faces["label"], tf.float32)[..., None],
        "method": faces["method"],
        "mask_valid": tf.cast(faces["mask_valid"], tf.float32),
    }
    for tap, size in map_sizes.items():
        targets[f"semantic_{tap}"] = soft_mask(faces["mask"], size)
        targets[f"noise_{tap}"] = noise_target(faces["noise"], size, sigma)
    return targets


def _area(map_uint8: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Area-averaged resize of uint8 [..., S, S, 1] to float32 [..., h, w, 1]."""
    return tf.image.resize(map_uint8, size, method="area")
