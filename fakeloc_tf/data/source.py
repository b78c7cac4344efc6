"""The serialized records of a split: in written order, or shuffled; and their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import records
from fakeloc_tf.data.prepared import dataset_info, split_files
from fakeloc_tf.errors import FakelocError

# Shards that are read at once. It is part of the order, so it is no option.
OPEN_SHARDS = 16


class RecordSource:
    """The records of one split, not yet decoded.

    The elements of its data sets are (serialized string [], record int64 [2]), where
    `record` says which one it is: (index of its file in `split_files`, position in it).
    They stay serialized as long as they wait: decoded, a face is some times larger.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        split: str,
        *,
        cache: bool = False,
        classes: Sequence[int] | None = None,
    ) -> None:
        """Finds the files; nothing is read before a data set is asked for.

        Args:
            folder: prepared data set.
            split: train, val or test.
            cache: keep the records in memory, serialized; the order is the same.
            classes: indices of the classes whose faces there are; None = all.

        Raises:
            FakelocError: the split has no records.
        """
        self.files = split_files(folder, split)
        self._cache = cache
        self._classes = None if classes is None else list(classes)

    def written(self) -> tf.data.Dataset:
        """Every record once, in the order of the files."""
        return self._interleaved(tf.range(len(self.files), dtype=tf.int64), 1)

    def shuffled(self, buffer_size: int, seed: tf.Tensor) -> tf.data.Dataset:
        """Every record once: shards in random order, interleaved, then a buffer.

        Args:
            buffer_size: records in the shuffle buffer.
            seed: int [2], stateless: equal seeds give equal orders.
        """
        shard_seed, buffer_seed = tf.unstack(tf.random.split(seed))
        shards = tf.range(len(self.files), dtype=tf.int64)
        shards = tf.random.experimental.stateless_shuffle(shards, shard_seed)
        number = int(
            tf.random.stateless_uniform(
                [], buffer_seed, maxval=2**31 - 1, dtype=tf.int32
            )
        )
        interleaved = self._interleaved(shards, OPEN_SHARDS)

        def in_buffer(_: tf.Tensor) -> tf.data.Dataset:
            # `shuffle` mixes the global seed in. Set in this function, it is that of
            # the function's graph alone, and the order depends on `seed` only.
            tf.random.set_seed(0)
            return interleaved.shuffle(
                buffer_size, seed=number, reshuffle_each_iteration=False
            )

        return tf.data.Dataset.range(1).flat_map(in_buffer)

    def _interleaved(self, shards: tf.Tensor, cycle_length: int) -> tf.data.Dataset:
        """The records of the shards int64 [N], `cycle_length` shards in turn."""
        read = (
            partial(_cached_shard, *self._table)
            if self._cache
            else partial(_read_shard, tf.constant(self.files))
        )
        every = tf.data.Dataset.from_tensor_slices(shards).interleave(
            read,
            cycle_length=min(cycle_length, len(self.files)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        if self._classes is None:
            return every
        wanted = tf.constant(self._classes, tf.int64)
        return every.filter(
            lambda serialized, _: tf.reduce_any(
                records.parse_class(serialized) == wanted
            )
        )

    @cached_property
    def _table(self) -> tuple[tf.Tensor, tf.Tensor]:
        """All records, string [N], and where each file starts in there, int64 [F+1]."""
        # `Dataset.cache` would have to hold one order of the shards.
        serialized: list[bytes] = []
        starts = [0]
        for path in self.files:
            serialized += tf.data.TFRecordDataset(path).as_numpy_iterator()
            starts.append(len(serialized))
        with tf.device("CPU"):
            return tf.constant(serialized, tf.string), tf.constant(starts, tf.int64)


def _read_shard(files: tf.Tensor, shard: tf.Tensor) -> tf.data.Dataset:
    """The records of one file, from the disk."""
    return (
        tf.data.TFRecordDataset(files[shard])
        .enumerate()
        .map(lambda position, serialized: (serialized, tf.stack([shard, position])))
    )


def _cached_shard(
    table: tf.Tensor, starts: tf.Tensor, shard: tf.Tensor
) -> tf.data.Dataset:
    """The records of one file, from memory."""
    first = starts[shard]
    return tf.data.Dataset.range(starts[shard + 1] - first).map(
        lambda position: (table[first + position], tf.stack([shard, position]))
    )


def record_names(
    folder: str | os.PathLike[str], split: str, ids: Iterable[Sequence[int]]
) -> list[str]:
    """What a person calls the records, such as those of a batch that went wrong.

    Args:
        folder: prepared data set.
        split: train, val or test.
        ids: (index of the file, position in it) of each: `record` of the targets.

    Returns:
        "train-00002-of-00004.tfrecord#17 Deepfakes/004_004 frame 33" for each, in
        their order; the file and position alone where the record cannot be read.
    """
    files, classes = split_files(folder, split), dataset_info(folder)["classes"]
    names = []
    for file, position in ([int(number) for number in pair] for pair in ids):
        place = f"{Path(files[file]).name}#{position}"
        try:
            (serialized,) = tf.data.TFRecordDataset(files[file]).skip(position).take(1)
            face = records.decode(serialized.numpy(), place)
        except (FakelocError, ValueError, tf.errors.OpError):
            # This helps to explain another error, so it must not raise one itself.
            names.append(place)
        else:
            names.append(
                f"{place} {classes[face.method]}/{face.video_id} frame {face.frame}"
            )
    return names


def video_names(
    folder: str | os.PathLike[str], split: str, classes: Sequence[int] | None = None
) -> np.ndarray:
    """Names of the videos of a split's faces [N], in their written order.

    Args:
        folder, split, classes: as of `RecordSource`.
    """
    written = RecordSource(folder, split, classes=classes).written()
    names = written.map(lambda serialized, _: records.parse_video(serialized))
    return np.array([name.decode() for name in names.as_numpy_iterator()], str)
