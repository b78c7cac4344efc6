"""Batches of serialized records, cut for workers and replicas, then decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from fakeloc_tf.data import records

Face = dict[str, tf.Tensor]

# What targets are made of; the rest of a record stays behind.
NEEDED = ("image", "mask", "noise", "label", "method", "mask_valid")


@dataclass(frozen=True)
class Share:
    """What one worker has of each global batch, in faces.

    Attributes:
        batch_size: of the global batch.
        first: where the worker's slice starts in it.
        size: of the slice.
        replica_size: of what one of the worker's devices gets.
    """

    batch_size: int
    first: int
    size: int
    replica_size: int


def share_of(batch_size: int, worker: int, workers: int, replicas: int) -> Share:
    """The share of one of `workers` whose slice `replicas` devices have in turn.

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """
    if not 0 <= worker < workers:
        raise ValueError(
            f"`worker` must be in 0..{workers - 1}. Received: worker={worker}"
        )
    if batch_size % (workers * replicas):
        raise ValueError(
            "`batch_size` must be a multiple of workers × replicas. Received: "
            f"batch_size={batch_size}, workers={workers}, replicas={replicas}"
        )
    size = batch_size // workers
    return Share(batch_size, worker * size, size, size // replicas)


def make_batches(
    numbered: tf.data.Dataset,
    change: Callable[[Face, tf.Tensor], Face],
    finish: Callable[[Face], tuple[tf.Tensor, Face]],
    share: Share,
    *,
    whole: bool = True,
) -> tf.data.Dataset:
    """Cuts the worker's share out of serialized records, then prepares only that.

    Args:
        numbered: (running number, (serialized, record)), from a global batch's start.
        change: (parsed face, running number) → the face, its maps still uint8.
        finish: batch of faces → (image, targets). Casts and resizes of a whole batch
            of uint8 maps cost a fraction of those of one face at a time.
        whole: drop the last batch if it is smaller.

    Returns:
        (image, targets) of `finish`, a replica's batch each.
    """
    numbered = slice_of_worker(numbered, share)

    def read(index: tf.Tensor, item: tuple[tf.Tensor, tf.Tensor]) -> Face:
        serialized, record = item
        face = change(records.parse(serialized), index)
        return {name: face[name] for name in NEEDED} | {
            "record": record,
            "index": index,
        }

    parallel = {"num_parallel_calls": tf.data.AUTOTUNE, "deterministic": True}
    return without_auto_shard(
        numbered.map(read, **parallel)
        # A smaller last batch would be another graph and another normalisation.
        .batch(share.replica_size, drop_remainder=whole)
        .map(finish, **parallel)
        .prefetch(tf.data.AUTOTUNE)
    )


def slice_of_worker(numbered: tf.data.Dataset, share: Share) -> tf.data.Dataset:
    """Of each whole global batch of elements, the worker's own."""
    if share.replica_size == share.batch_size:
        return numbered
    end = share.first + share.size
    # Whole global batches first: all workers must see equally many.
    return (
        numbered.batch(share.batch_size, drop_remainder=True)
        .map(lambda *b: tf.nest.map_structure(lambda v: v[share.first : end], b))
        .unbatch()
    )


def without_auto_shard(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The cut is made here; a strategy must not cut again."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.OFF
    )
    return batches.with_options(options)
