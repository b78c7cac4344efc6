"""The faces that are corrupted: which ones, and their data set at one level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import records
from fakeloc_tf.data.source import RecordSource

# Of noise and of the direction of a shift; the same for every run that is compared.
SEED = 0

# (uint8 [H, W, 3], int [2] seed) → uint8 [H, W, 3].
ImageChange = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def choose_faces(source: RecordSource, limit: int | None) -> np.ndarray:
    """Some faces of a split, evenly spread over each class.

    Reals and fakes keep their shares. A step through the whole list would not do:
    where they alternate, an even one finds one class only.

    Args:
        source: records of the split.
        limit: faces, at least 2; None or more than there are = all.

    Returns:
        bool [N], in written order.
    """
    # Pictures that nothing asks for are not decoded.
    labels = source.written().map(lambda item, _: records.parse(item)["label"])
    label = np.fromiter(labels.as_numpy_iterator(), np.int64)
    if limit is None or limit >= len(label):
        return np.ones(len(label), bool)
    chosen = np.zeros(len(label), bool)
    fakes, reals = np.flatnonzero(label == 1), np.flatnonzero(label != 1)
    share = round(limit * len(fakes) / len(label))
    if len(fakes) and len(reals):
        share = min(max(share, 1), limit - 1)
    for members, wanted in ((fakes, share), (reals, limit - share)):
        places = (np.arange(wanted) + 0.5) * len(members) / max(wanted, 1)
        chosen[members[places.astype(int)]] = True
    return chosen


def changed_faces(
    source: RecordSource, chosen: np.ndarray, change: ImageChange | None
) -> tf.data.Dataset:
    """The chosen faces as `records.parse` gives them, each with a changed image.

    Args:
        source: records of the split.
        chosen: bool [N], of `choose_faces`.
        change: gets the image and the seed of the face, which depends on its number in
            the split alone; None: the images stay as they are.
    """
    keep = tf.constant(chosen)
    base = tf.constant([SEED, 0], tf.int64)

    def read(index: tf.Tensor, item: tuple[tf.Tensor, tf.Tensor]) -> dict:
        face = records.parse(item[0])
        if change is None:
            return face
        return face | {"image": change(face["image"], tf.random.fold_in(base, index))}

    numbered = source.written().enumerate().filter(lambda index, _: keep[index])
    return numbered.map(read, num_parallel_calls=tf.data.AUTOTUNE)
