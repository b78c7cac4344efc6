"""Joint augmentation: what moves a face moves its mask and noise target alike.

A face goes through the changes in the order of a camera's chain: it is self-blended,
mirrored, then its colours change, it is blurred, made smaller and brought back, gets
noise and is compressed. But for the first two nothing moves, so that the mask and the
noise target, which stays that of the crop before the change, still fit.

Every random number comes from a stateless seed. Keras-CV's layers are not called for
that reason: they draw from generators with a state, whose order among parallel calls is
not fixed. Of its layers

- `RandomGaussianBlur` is used through `augment_image`, which takes a kernel that is
  drawn here; TensorFlow has no Gaussian blur.
- `RandomJpegQuality` would do nothing but call `tf.image.adjust_jpeg_quality`, and it
  saturates on 0..255.
- `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue` work on
  batches and need their own generators; `tf.image.stateless_random_*` do the same.
- `RandomFlip` knows no noise map; `GaussianNoise` and down-scaling there are none.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import tensorflow as tf

from fakeloc_tf.config import AugmentConfig
from fakeloc_tf.data.self_blending import random_self_blend
from fakeloc_tf.errors import FakelocError

MAPS = ("image", "mask", "noise")

# The hue goes around in a circle: a change by the whole of it would be none.
HUE_SHARE = 0.1

Change = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def make_augmentation(
    config: AugmentConfig, sigma: float
) -> Callable[[dict[str, Any], tf.Tensor], dict[str, Any]]:
    """Builds the function that changes a parsed face in training.

    Args:
        config: which changes, how often, how strong.
        sigma: of the noise filter the records were made with.

    Returns:
        (face as `records.parse` gives it, int [2] stateless seed) → the face with
        `image`, `mask` and `noise` uint8 as before and, if self-blended, another label.

    Raises:
        FakelocError: Keras-CV is needed and not installed.
    """
    pixel_changes = _pixel_changes(config)

    def augment(face: dict[str, Any], seed: tf.Tensor) -> dict[str, Any]:
        blend_seed, flip_seed, pixel_seed = tf.unstack(tf.random.split(seed, 3))
        if config.self_blend:
            face = random_self_blend(face, blend_seed, config.self_blend, sigma)
        if config.flip:
            face = random_flip(face, flip_seed)
        if pixel_changes:
            image = _changed(face["image"], pixel_seed, pixel_changes)
            face = face | {"image": image}
        return face

    return augment


def random_flip(face: dict[str, Any], seed: tf.Tensor) -> dict[str, Any]:
    """Mirrors face, mask and noise left to right together, half of the times.

    Args:
        face: parsed record; `image`, `mask`, `noise` are [S, S, C].
        seed: int [2], stateless.
    """
    # One draw and one branch for all three; faces that stay cost nothing.
    mirrored = tf.cond(
        tf.random.stateless_uniform([], seed) < 0.5,
        lambda: {name: _mirrored(face[name]) for name in MAPS},
        lambda: {name: face[name] for name in MAPS},
    )
    return face | mirrored


def _mirrored(image: tf.Tensor) -> tf.Tensor:
    """[H, W, C], left to right."""
    if image.shape[-1] == 1:
        # Four times as fast as with the channel.
        return tf.reverse(image[..., 0], [1])[..., None]
    return tf.reverse(image, [1])


def colour(image: tf.Tensor, seed: tf.Tensor, strength: float) -> tf.Tensor:
    """Random brightness, contrast, saturation and, a tenth as strong, hue.

    Args:
        image: float32 [H, W, 3] in 0..255.
        seed: int [2], stateless.
        strength: the largest change, 0..1.
    """
    if not strength:
        return image
    seeds = tf.unstack(tf.random.split(seed, 4))
    low, high = 1.0 - strength, 1.0 + strength
    image = tf.image.stateless_random_brightness(image / 255.0, strength, seeds[0])
    image = tf.image.stateless_random_contrast(image, low, high, seeds[1])
    # Saturation and hue are defined between 0 and 1.
    image = tf.clip_by_value(image, 0.0, 1.0)
    image = tf.image.stateless_random_saturation(image, low, high, seeds[2])
    image = tf.image.stateless_random_hue(image, HUE_SHARE * strength, seeds[3])
    return 255.0 * image


def blur(image: tf.Tensor, seed: tf.Tensor, sigmas: tuple[float, float]) -> tf.Tensor:
    """Gaussian blur of a random σ in pixels, between the two.

    image: float32 [H, W, 3] in 0..255; seed: int [2], stateless.
    """
    size = _kernel_size(sigmas)
    reach = size // 2
    if not reach:
        return image
    layer = _blur_layer(size)
    kernel = layer.get_kernel(tf.maximum(_between(seed, sigmas), 1e-3), size)
    down = tf.reshape(kernel, [size, 1, 1, 1])
    nothing = tf.ones([1, 1, 1, 1])
    for _ in range(2):
        # What lies outside is black to the layer; here, the last row goes on.
        height = tf.shape(image)[0]
        rows = tf.clip_by_value(tf.range(-reach, height + reach), 0, height - 1)
        padded = tf.gather(image, rows)
        # Down both times: oneDNN's depthwise convolution with a kernel that is 15
        # pixels wide or wider takes all memory and crashes (TensorFlow 2.16, AVX-512).
        blurred = layer.augment_image(padded, transformation=(down, nothing))
        image = tf.transpose(blurred[reach:-reach], [1, 0, 2])
    return image


def downscale(
    image: tf.Tensor, seed: tf.Tensor, factors: tuple[float, float]
) -> tf.Tensor:
    """Makes the picture smaller by a random factor, and brings it back to its size.

    image: float32 [H, W, 3] in 0..255; seed: int [2], stateless.
    """
    size = tf.shape(image)[:2]
    small = tf.round(_between(seed, factors) * tf.cast(size, tf.float32))
    small = tf.maximum(tf.cast(small, tf.int32), 1)
    smaller = tf.image.resize(image, small, antialias=True)
    return tf.image.resize(smaller, size, method="bicubic")


def noise(image: tf.Tensor, seed: tf.Tensor, sigmas: tuple[float, float]) -> tf.Tensor:
    """Adds Gaussian noise of a random σ in grey levels, between the two.

    image: float32 [H, W, 3] in 0..255; seed: int [2], stateless.
    """
    sigma_seed, noise_seed = tf.unstack(tf.random.split(seed))
    sigma = _between(sigma_seed, sigmas)
    return image + sigma * tf.random.stateless_normal(tf.shape(image), noise_seed)


def jpeg(image: tf.Tensor, seed: tf.Tensor, qualities: tuple[int, int]) -> tf.Tensor:
    """Compresses at a random quality, from the first to the second.

    image: float32 [H, W, 3] in 0..255; seed: int [2], stateless.
    """
    # Not `stateless_random_jpeg_quality`: it never draws the highest quality.
    quality = tf.random.stateless_uniform(
        [], seed, qualities[0], qualities[1] + 1, tf.int32
    )
    compressed = tf.image.adjust_jpeg_quality(in_8_bits(image), quality)
    return tf.cast(compressed, tf.float32)


def _pixel_changes(config: AugmentConfig) -> list[tuple[float, Change]]:
    """(share, change) of those that occur, in the order of a camera's chain."""
    changes: list[tuple[float, Change]] = [
        (config.colour, lambda x, seed: colour(x, seed, config.colour_strength)),
        (config.blur, lambda x, seed: blur(x, seed, config.blur_sigma)),
        (config.downscale, lambda x, seed: downscale(x, seed, config.downscale_factor)),
        (config.noise, lambda x, seed: noise(x, seed, config.noise_sigma)),
        (config.jpeg, lambda x, seed: jpeg(x, seed, config.jpeg_quality)),
    ]
    if config.blur:
        # It is made here, not inside the pipeline's graph: it may be missing, and it
        # has a state, though that is never used.
        _blur_layer(_kernel_size(config.blur_sigma))
    return [(share, change) for share, change in changes if share]


def _changed(
    image_uint8: tf.Tensor, seed: tf.Tensor, changes: list[tuple[float, Change]]
) -> tf.Tensor:
    """uint8 [H, W, 3] after each of the changes, which its share of the faces gets."""
    image = tf.cast(image_uint8, tf.float32)
    seeds = tf.random.split(seed, len(changes))
    for (share, change), own in zip(changes, tf.unstack(seeds), strict=True):
        whether, how = tf.unstack(tf.random.split(own))
        image = tf.cond(
            tf.random.stateless_uniform([], whether) < share,
            lambda image=image, change=change, how=how: change(image, how),
            lambda image=image: image,
        )
    return tf.ensure_shape(in_8_bits(image), image_uint8.shape)


def _between(seed: tf.Tensor, bounds: tuple[float, float]) -> tf.Tensor:
    """float32 scalar, uniform between the bounds."""
    return tf.random.stateless_uniform([], seed, bounds[0], bounds[1])


def in_8_bits(image: tf.Tensor) -> tf.Tensor:
    """float32 in 0..255 and beyond to uint8, rounded."""
    return tf.saturate_cast(tf.round(image), tf.uint8)


def _kernel_size(sigmas: tuple[float, float]) -> int:
    """Pixels of the kernel; beyond 3 σ there is 0.3 % of the weight."""
    return 2 * math.ceil(3.0 * sigmas[1]) + 1


@lru_cache
def _blur_layer(size: int) -> Any:
    """Keras-CV's blur with a kernel of `size` pixels."""
    try:
        import keras_cv
    except ImportError as error:
        raise FakelocError(
            f"augment.blur needs Keras-CV ({error}), the extra `augment`: "
            "pip install 'fakeloc-tf[augment]'"
        ) from error
    return keras_cv.layers.RandomGaussianBlur(
        # Its σ and generator are not used; with a seed it leaves the global one alone.
        size,
        0.0,
        dtype="float32",
        seed=0,
    )
