"""The tf.data pipeline: prepared TFRecords → batches of faces and targets."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import tensorflow as tf

from fakeloc_tf.config import AugmentConfig
from fakeloc_tf.data import records, targets
from fakeloc_tf.data.augment import make_augmentation
from fakeloc_tf.data.batches import Face, make_batches, share_of
from fakeloc_tf.data.prepared import split_files
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)

MapSizes = Mapping[str, tuple[int, int]]


def load_split(folder: str | os.PathLike[str], split: str) -> tf.data.Dataset:
    """The parsed faces of one split in their written order (`records.parse`)."""
    dataset = tf.data.TFRecordDataset(split_files(folder, split))
    return dataset.map(records.parse, num_parallel_calls=tf.data.AUTOTUNE)


def training_batches(
    source: RecordSource,
    *,
    image_size: int,
    map_sizes: MapSizes,
    sigma: float,
    batch_size: int,
    shuffle_buffer: int,
    augment: AugmentConfig,
    seed: int,
    epoch: int,
    skip: int = 0,
    worker: int = 0,
    workers: int = 1,
    replicas: int = 1,
) -> tf.data.Dataset:
    """One epoch of shuffled, augmented batches; equal for equal `seed` and `epoch`.

    Every random number is stateless and comes from `seed`, `epoch` and the running
    number of the face in the epoch. So the k-th global batch has the same faces,
    changed in the same way, however it is cut for workers and replicas, and an epoch
    can be taken up anywhere. (Stateful ones are not reproducible with parallel calls.)

    Args:
        source: records of the training split.
        image_size: side S of the model's input.
        map_sizes: tap → (height, width) of its maps (`models.detector.map_sizes`);
            taps without maps are left out.
        sigma: of the noise filter the records were made with.
        batch_size: faces of a global batch: of all workers and replicas together.
        shuffle_buffer: serialized records in the shuffle buffer.
        augment: random changes of the faces.
        seed: of order and changes.
        epoch: the same again for another number.
        skip: global batches at the start that are left out, neither decoded nor
            augmented.
        worker: index of this worker, 0 <= worker < workers.
        workers: processes that share a global batch, a slice each.
        replicas: devices that share this worker's slice.

    Returns:
        Batches of a replica, B = batch_size / (workers · replicas), `replicas` of them
        in turn make the worker's slice: (image float32 [B, S, S, 3] in 0..255, targets
        as `targets.make_targets` and `record` int64 [B, 2], see `RecordSource`). The
        last, incomplete global batch is dropped.

    Raises:
        ValueError: the batch cannot be shared out evenly.
        FakelocError: Keras-CV is needed and not installed.
    """
    share = share_of(batch_size, worker, workers, replicas)
    # Not seed + epoch: the second epoch would be the first one of the next seed.
    base = tf.random.fold_in(
        tf.constant([seed, 0], tf.int64), tf.constant(epoch, tf.int64)
    )
    order_seed, face_seed = tf.unstack(tf.random.split(base))
    change = make_augmentation(augment, sigma)

    def finish(faces: Face) -> tuple[tf.Tensor, Face]:
        image = targets.model_input(faces["image"], image_size)
        wanted = targets.make_targets(faces, map_sizes, sigma)
        return image, wanted | {"record": faces["record"]}

    # The slice is taken from batches of serialized records, which cost nothing yet.
    return make_batches(
        source.shuffled(shuffle_buffer, order_seed).enumerate().skip(skip * batch_size),
        lambda face, index: change(face, tf.random.fold_in(face_seed, index)),
        finish,
        share,
    )


def evaluation_batches(
    source: RecordSource,
    *,
    image_size: int,
    map_sizes: MapSizes,
    sigma: float,
    batch_size: int,
    count: int,
    worker: int = 0,
    workers: int = 1,
    replicas: int = 1,
) -> tf.data.Dataset:
    """All faces in written order, with targets and a mask at the input size.

    Every batch is full, so that workers and replicas get equally many: the last global
    batch is filled up from the start of the list. Faces with `index` >= `count` are
    those repeats, and the caller drops them.

    Args:
        source: records of the split.
        count: faces in the source (`prepared.class_counts`).
        image_size, map_sizes, sigma, batch_size, worker, workers, replicas: as in
            `training_batches`.

    Returns:
        Batches of (image, targets) as in `training_batches`; the targets also hold
        `mask` float32 [B, S, S, 1] in 0..1 and `index` int64 [B], the running number.
        Iterating fails with `FailedPreconditionError` if there are not `count` records.

    Raises:
        ValueError: the batch cannot be shared out evenly.
    """
    share = share_of(batch_size, worker, workers, replicas)
    full = -(-count // batch_size) * batch_size
    every = source.written().apply(tf.data.experimental.assert_cardinality(count))
    return make_batches(
        every.repeat().take(full).enumerate(),
        lambda face, _: face,
        _evaluation_targets(image_size, map_sizes, sigma),
        share,
    )


def spread_faces(
    source: RecordSource,
    *,
    image_size: int,
    map_sizes: MapSizes,
    sigma: float,
    count: int,
    wanted: int,
    batch_size: int = 32,
) -> tf.data.Dataset:
    """Some faces, evenly spread over the split; only those are decoded.

    Args:
        source, image_size, map_sizes, sigma, count: as in `evaluation_batches`.
        wanted: faces; fewer where the split has fewer.
        batch_size: faces of a batch; the last one may have fewer.

    Returns:
        Batches as those of `evaluation_batches`.
    """
    every = max(count // wanted, 1)
    chosen = source.written().take(count).shard(every, 0).take(wanted)
    return make_batches(
        chosen.enumerate(),
        lambda face, _: face,
        _evaluation_targets(image_size, map_sizes, sigma),
        share_of(batch_size, 0, 1, 1),
        whole=False,
    )


def _evaluation_targets(
    image_size: int, map_sizes: MapSizes, sigma: float
) -> Callable[[Face], tuple[tf.Tensor, Face]]:
    """What makes (image, targets) of a batch of faces that are evaluated."""

    def finish(faces: Face) -> tuple[tf.Tensor, Face]:
        image = targets.model_input(faces["image"], image_size)
        wanted = targets.make_targets(faces, map_sizes, sigma)
        wanted["mask"] = targets.soft_mask(faces["mask"], (image_size, image_size))
        return image, wanted | {"record": faces["record"], "index": faces["index"]}

    return finish


@contextmanager
def explain_broken_records(
    folder: str | os.PathLike[str], *splits: str
) -> Iterator[None]:
    """Turns TensorFlow's word on a broken record into one that names the file."""
    try:
        yield
    except tf.errors.FailedPreconditionError as error:
        # `evaluation_batches` counts.
        raise FakelocError(
            f"{' or '.join(splits)} has another number of records than "
            f"{folder}/dataset.json says; make the records again with "
            "`python -m pipelines.prepare`"
        ) from error
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        for path in (p for split in splits for p in split_files(folder, split)):
            try:
                for serialized in tf.data.TFRecordDataset(path):
                    records.parse(serialized)
            except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as fault:
                # Without the names of TensorFlow's nodes around it.
                reason = re.sub(r"\{\{.*?\}\}|\[Op:.*", "", fault.message).strip()
                raise FakelocError(
                    f"{path} is broken ({reason}); make the records again with "
                    "`python -m pipelines.prepare`"
                ) from error
        raise
