"""One epoch of faces made on the fly, cut for workers and replicas."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import targets
from fakeloc_tf.data.batches import Face, share_of, slice_of_worker, without_auto_shard
from fakeloc_tf.data.dataset import MapSizes
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.noise import noise_uint8


def made_batches(
    maker: FaceMaker,
    *,
    pairs: int,
    map_sizes: MapSizes,
    sigma: float,
    batch_size: int,
    seed: int,
    epoch: int,
    skip: int = 0,
    worker: int = 0,
    workers: int = 1,
    replicas: int = 1,
) -> tf.data.Dataset:
    """Batches as those of `dataset.training_batches`, of pairs of `FaceMaker`.

    Face 2·i is real and face 2·i + 1 the fake of the same pair; the pair depends on
    `seed`, `epoch` and i alone.

    Args:
        maker: of the pairs; its size is the model's.
        pairs: in an epoch.
        map_sizes, sigma, batch_size, seed, epoch, skip, worker, workers, replicas: as
            in `dataset.training_batches`; `record` is (i, 0 or 1).

    Raises:
        ValueError: the batch cannot be shared out evenly in pairs.
    """
    if batch_size % 2:
        raise ValueError(f"`batch_size` must be even. Received: {batch_size}")
    share = share_of(batch_size // 2, worker, workers, replicas)
    parallel = {"num_parallel_calls": tf.data.AUTOTUNE, "deterministic": True}
    indices = tf.data.Dataset.range(skip * share.batch_size, pairs)
    make = partial(_made, maker, (seed, epoch), sigma, bool(map_sizes))
    finish = partial(_finished, maker.size, map_sizes, sigma)
    return without_auto_shard(
        slice_of_worker(indices, share)
        .map(make, **parallel)
        .batch(share.replica_size, drop_remainder=True)
        .map(finish, **parallel)
        .prefetch(tf.data.AUTOTUNE)
    )


def _made(
    maker: FaceMaker, numbers: tuple[int, int], sigma: float, maps: bool, i: tf.Tensor
) -> Face:
    """The real face and the fake one of pair i, int64 []: [2, …] each."""
    image, mask, noise = tf.numpy_function(
        lambda index: _pair(maker, (*numbers, int(index)), sigma, maps),
        [i],
        [tf.uint8] * 3,
        stateful=False,
    )
    image.set_shape([2, maker.size, maker.size, 3])
    mask.set_shape([2, maker.size, maker.size, 1])
    noise.set_shape([2, maker.size, maker.size, 1])
    label = tf.constant([0, 1], tf.int64)
    return {
        "image": image,
        "mask": mask,
        "noise": noise,
        "label": label,
        "method": label,
        "mask_valid": tf.ones_like(label),
        "record": tf.stack([tf.stack([i, i]), label], axis=1),
    }


def _finished(
    size: int, map_sizes: MapSizes, sigma: float, pairs: Face
) -> tuple[tf.Tensor, Face]:
    """(image, targets) of a batch of pairs [N, 2, …]."""
    faces = {k: tf.reshape(v, [-1, *v.shape[2:]]) for k, v in pairs.items()}
    image = targets.model_input(faces["image"], size)
    wanted = targets.make_targets(faces, map_sizes, sigma)
    return image, wanted | {"record": faces["record"]}


def _pair(
    maker: FaceMaker, numbers: tuple[int, int, int], sigma: float, maps: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images [2, S, S, 3], masks and noise [2, S, S, 1], uint8."""
    made = maker.pair(numbers)
    pair = (made.real, made.fake)
    images = np.stack([face.image_uint8 for face in pair])
    masks = np.stack([face.mask_uint8[..., None] for face in pair])
    if not maps:
        return images, masks, np.zeros_like(masks)
    noise = np.stack([noise_uint8(image, sigma)[..., None] for image in images])
    return images, masks, noise
