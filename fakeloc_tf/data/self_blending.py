"""Self-blended faces on the fly: real faces become fakes with an exact mask.

Shiohara & Yamasaki, CVPR 2022: a face is blended with a changed copy of itself, so no
other person's face is needed, and what the model learns is the seam, not a generator.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from fakeloc_tf.data.portraits import FOLDER
from fakeloc_tf.manipulate.self_blend import self_blend
from fakeloc_tf.noise import noise_uint8

# How far faces are from the mean face, standard deviations (as
# `tools/compute_mean_face.py` prints them): place in shares of the crop, relative size,
# turn in degrees.
PLACE, SIZE, TURN = 0.025, 0.075, 3.3


def random_self_blend(
    face: dict[str, Any], seed: tf.Tensor, share: float, sigma: float
) -> dict[str, Any]:
    """Blends a share of the real faces with themselves, which makes them fakes.

    The noise target is that of the blended face, for the residual is the telltale. The
    method becomes 1: a model of two classes has no other, and one of five has no class
    for these faces, so do not train it with them.

    Args:
        face: parsed record (`records.parse`); fakes are left as they are.
        seed: int [2], stateless.
        share: of the real faces, 0..1.
        sigma: of the noise filter the records were made with.
    """
    whether, how = tf.unstack(tf.random.split(seed))
    chosen = tf.random.stateless_uniform([], whether) < share
    numbers = tf.random.stateless_uniform([2], how, 0, 2**31 - 1, tf.int32)
    names = ("image", "mask", "noise", "label", "method", "mask_valid")
    before = {name: face[name] for name in names}

    def blended() -> dict[str, Any]:
        image, mask, noise, fake = tf.numpy_function(
            lambda image, numbers: blend(image, numbers, sigma),
            [face["image"], numbers],
            [tf.uint8, tf.uint8, tf.uint8, tf.int64],
            stateful=False,
        )
        maps = {"image": image, "mask": mask, "noise": noise}
        for name, value in maps.items():
            value.set_shape(face[name].shape)
        fake.set_shape([])
        return maps | {"label": fake, "method": fake, "mask_valid": tf.ones_like(fake)}

    real = tf.equal(face["label"], 0)
    return face | tf.cond(real & chosen, blended, lambda: before)


def blend(
    image_uint8: np.ndarray, numbers: np.ndarray, sigma: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.int64]:
    """The NumPy part of `random_self_blend`.

    Args:
        image_uint8: uint8 [S, S, 3], RGB, a real face's crop.
        numbers: int32 [N], >= 0, the seed.
        sigma: of the noise filter.

    Returns:
        Image uint8 [S, S, 3], mask and noise uint8 [S, S, 1], and int64 1 or, if the
        blended region is empty, 0: then the face is still real.
    """
    rng = np.random.default_rng(numbers)
    landmarks = approximate_landmarks(image_uint8.shape[0], rng)
    result = self_blend(image_uint8, landmarks, rng)
    noise = noise_uint8(result.image_uint8, sigma)
    fake = np.int64(result.mask_uint8.any())
    return result.image_uint8, result.mask_uint8[..., None], noise[..., None], fake


def approximate_landmarks(size: int, rng: np.random.Generator) -> np.ndarray:
    """The mean face where a face of a crop may be, as records have no landmarks.

    Note: the mean is of frontal faces. A profile gets the hull of a frontal face.

    Args:
        size: side of the crop in pixels.
        rng: source of place, size and turn, which spread as those of single faces.

    Returns:
        float32 [68, 2], x, y in pixels, iBUG order.
    """
    mean = mean_face()
    angle = np.radians(rng.normal(0.0, TURN))
    rotation = np.array(
        [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    )
    factor = 1.0 + rng.normal(0.0, SIZE)
    centre = mean.mean(0)
    moved = factor * (mean - centre) @ rotation + centre + rng.normal(0.0, PLACE, 2)
    return (size * moved).astype(np.float32)


@lru_cache(maxsize=1)
def mean_face() -> np.ndarray:
    """float64 [68, 2]: x, y in shares of the crop's side, iBUG order."""
    with (FOLDER / "mean_face.csv").open(encoding="utf-8", newline="") as file:
        return np.array([[float(r["x"]), float(r["y"])] for r in csv.DictReader(file)])
