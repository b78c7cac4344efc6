"""Seven corruptions of a face crop, each at five levels from mild to severe.

They change the crop as the records hold it, before the model's own resize, and the same
way for real and fake. None of them moves a pixel: the true masks still fit. What
training draws at random (`data/augment.py`) is applied here with fixed amounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import av
import cv2
import numpy as np
import tensorflow as tf

from fakeloc_tf.data import augment
from fakeloc_tf.media.one_frame import h264_frame

# (float32 [H, W, 3] in 0..255, int [2] stateless seed, amount) → the same, changed.
Change = Callable[[tf.Tensor, tf.Tensor, float], tf.Tensor]


@dataclass(frozen=True)
class Corruption:
    """A kind of damage.

    Attributes:
        title: for people.
        parameter: what an amount is, with its unit.
        amounts: of level 1, 2, …, from mild to severe.
        change: makes it.
        encoder: FFmpeg's name of the encoder that it needs; None: none.
    """

    title: str
    parameter: str
    amounts: tuple[float, ...]
    change: Change
    encoder: str | None = None


def corrupt(
    image_uint8: tf.Tensor, seed: tf.Tensor, corruption: Corruption, amount: float
) -> tf.Tensor:
    """The crop after the corruption: uint8 [H, W, 3] as before.

    Args:
        image_uint8: [H, W, 3].
        seed: int [2], stateless, of this face: the same at every level, so that
            levels differ by nothing but their amount.
        corruption: one of `CORRUPTIONS`.
        amount: in the unit of `corruption.parameter`.
    """
    changed = corruption.change(tf.cast(image_uint8, tf.float32), seed, amount)
    return tf.ensure_shape(augment.in_8_bits(changed), image_uint8.shape)


def missing(corruption: Corruption) -> str | None:
    """Why this installation cannot make the corruption; None where it can."""
    if corruption.encoder is None or corruption.encoder in av.codecs_available:
        return None
    return (
        f"PyAV was built without the encoder {corruption.encoder}; "
        "its wheel from PyPI has it: pip install --force-reinstall av"
    )


def _h264(image: tf.Tensor, seed: tf.Tensor, crf: float) -> tf.Tensor:
    """One key frame: a crop has no neighbours in time, records keep single frames."""
    coded = tf.numpy_function(
        partial(h264_frame, crf=int(crf)), [augment.in_8_bits(image)], tf.uint8
    )
    return tf.cast(tf.ensure_shape(coded, image.shape), tf.float32)


def _blur(image: tf.Tensor, seed: tf.Tensor, percent: float) -> tf.Tensor:
    """OpenCV's, not training's, which needs Keras-CV; beyond the edge it goes on."""

    def blurred(pixels: np.ndarray) -> np.ndarray:
        sigma = percent / 100.0 * min(pixels.shape[:2])
        if not sigma:
            return pixels
        return cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)

    return tf.ensure_shape(tf.numpy_function(blurred, [image], tf.float32), image.shape)


def _brightness(image: tf.Tensor, seed: tf.Tensor, percent: float) -> tf.Tensor:
    """Brighter for one half of the faces, darker for the other."""
    sign = tf.where(tf.random.stateless_uniform([], seed) < 0.5, 1.0, -1.0)
    return image + sign * (255.0 * percent / 100.0)


def _saturation(image: tf.Tensor, seed: tf.Tensor, factor: float) -> tf.Tensor:
    """Towards grey of the same luma, as in DeeperForensics-1.0 (CVPR 2020)."""
    grey = tf.image.rgb_to_grayscale(image)
    return grey + factor * (image - grey)


# CRF 23 and 40 are the numbers of FF++'s c23 and c40, which are constant QPs there.
CORRUPTIONS: dict[str, Corruption] = {
    "jpeg": Corruption(
        "JPEG",
        "quality (4:2:0)",
        (90, 70, 50, 30, 10),
        lambda image, seed, q: augment.jpeg(image, seed, (int(q), int(q))),
    ),
    "h264": Corruption(
        "H.264", "CRF (x264, one key frame)", (18, 23, 32, 40, 45), _h264, "libx264"
    ),
    "blur": Corruption(
        "Gaussian blur", "σ, % of the side", (0.4, 0.8, 1.2, 1.8, 2.7), _blur
    ),
    "noise": Corruption(
        "Gaussian noise",
        "σ, grey levels",
        (2, 5, 10, 20, 40),
        lambda image, seed, sigma: augment.noise(image, seed, (sigma, sigma)),
    ),
    "downscale": Corruption(
        "Down- and up-scaling",
        "factor (linear, bicubic)",
        (0.75, 0.5, 0.33, 0.25, 0.125),
        lambda image, seed, factor: augment.downscale(image, seed, (factor, factor)),
    ),
    "brightness": Corruption(
        "Brightness", "shift, ±% of 255", (10, 20, 30, 40, 50), _brightness
    ),
    "colour": Corruption(
        "Colour", "saturation, factor", (0.8, 0.6, 0.4, 0.2, 0.0), _saturation
    ),
}
