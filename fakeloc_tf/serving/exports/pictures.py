"""Encoded face crops → faces, inside the graph; a broken one costs only its own row.

What a picture becomes is what `media.images.decode_image` makes of it: 16 bits become
8, grey, palettes and CMYK become RGB, transparent parts white. The EXIF orientation
alone is not looked at: who cuts a crop has turned it.
"""

from __future__ import annotations

import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.media.images import MAX_JPEG_SCANS
from fakeloc_tf.serving.signatures import OK, UNREADABLE

# Of a crop: its own size is some hundred pixels, and a picture that promises more
# would take the server's memory, 30 bytes a pixel, for several rows at once.
MAX_PIXELS = 2048 * 2048
_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
# Entropy-coded data never holds it (ISO 10918-1, B.1.1.5).
_START_OF_SCAN = b"\xff\xda"


def decode_crops(image_bytes: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes JPEG and PNG crops of any size and brings them to the model's.

    Args:
        image_bytes: string [B].
        size: S, side of the model's input.

    Returns:
        (float32 [B, S, S, 3] in 0..255, grey where a crop cannot be decoded;
        string [B], `OK` or `UNREADABLE`).
    """

    def decode(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _decode(encoded, size), tf.constant(OK)

    grey = tf.fill([size, size, 3], 128.0), tf.constant(UNREADABLE)
    # Datasets have what graphs lack: a step that goes on after an error. One a row:
    # one of all rows has to put them back in their places, at twice the time.
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False

    def decode_or_grey(encoded: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        decoded = tf.data.Dataset.from_tensors(encoded).map(decode).ignore_errors()
        rows = decoded.concatenate(tf.data.Dataset.from_tensors(grey)).take(1)
        return rows.with_options(options).get_single_element()

    spec = (tf.TensorSpec([size, size, 3], tf.float32), tf.TensorSpec([], tf.string))
    return tf.map_fn(decode_or_grey, image_bytes, fn_output_signature=spec)


def _decode(encoded: tf.Tensor, size: int) -> tf.Tensor:
    """One crop, float32 [S, S, 3] in 0..255; fails on what is none."""
    is_png = tf.equal(tf.strings.substr(encoded, 0, len(_PNG)), _PNG)
    is_jpeg = tf.equal(tf.strings.substr(encoded, 0, len(_JPEG)), _JPEG)
    with tf.control_dependencies([tf.debugging.Assert(is_png | is_jpeg, ["format"])]):
        image = tf.cond(
            is_png, lambda: _decode_png(encoded), lambda: _decode_jpeg(encoded)
        )
    return tf.ensure_shape(model_input(image, size), (size, size, 3))


def _decode_png(encoded: tf.Tensor) -> tf.Tensor:
    """float32 [H, W, 3], transparent parts over white."""
    # The header's first chunk is IHDR: width and height, big-endian, at byte 16.
    width_height = tf.io.decode_raw(
        tf.strings.substr(encoded, 16, 8), tf.int32, little_endian=False
    )
    with tf.control_dependencies(_bounded(width_height[:2])):
        rgba = tf.cast(tf.io.decode_png(encoded, channels=4), tf.float32)
    opaque = rgba[..., 3:] / 255
    return rgba[..., :3] * opaque + 255 * (1 - opaque)


def _decode_jpeg(encoded: tf.Tensor) -> tf.Tensor:
    """float32 [H, W, 3]."""
    scans = tf.size(tf.strings.split(encoded, _START_OF_SCAN)) - 1
    few = tf.debugging.Assert(scans <= MAX_JPEG_SCANS, ["scans"])
    sides = tf.io.extract_jpeg_shape(encoded)[:2]
    with tf.control_dependencies([few, *_bounded(sides)]):
        # As OpenCV, which made the records; TensorFlow's own choice is up to six grey
        # levels off.
        image = tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(image, tf.float32)


def _bounded(sides: tf.Tensor) -> list[tf.Operation]:
    """What fails on a picture of too many pixels, before any is decoded."""
    pixels = tf.reduce_prod(tf.cast(sides, tf.int64))
    return [tf.debugging.Assert(pixels <= MAX_PIXELS, ["size"])]
