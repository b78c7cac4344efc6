"""Who is in a split: what a test must not share with the training."""

from __future__ import annotations

import logging
import os
import re

import tensorflow as tf

from fakeloc_tf.data import dataset, records
from fakeloc_tf.data.prepared import dataset_info, split_files

log = logging.getLogger(__name__)

# FaceForensics++ at another compression shows the same people.
QUALITIES = ("raw", "c0", "c23", "c40")


def people_of(folder: str | os.PathLike[str], split: str) -> list[str]:
    """The people of a split, sorted: `<data set>/<identity>`, see `person`.

    `dataset.json` lists them; of records that were prepared before it did, every
    record of the split is read once, without decoding its pictures.

    Args:
        folder: prepared data set.
        split: train, val or test.

    Raises:
        FakelocError: the split has no records, or one is broken.
    """
    files, info = split_files(folder, split), dataset_info(folder)
    if "people" in info:
        found = {person(info["name"], who) for who in info["people"].get(split, [])}
        return sorted(found)
    log.info("%s: its dataset.json names no people, reading the records", folder)
    rows = tf.data.TFRecordDataset(files).map(
        records.parse_people, num_parallel_calls=tf.data.AUTOTUNE
    )
    with dataset.explain_broken_records(folder, split):
        return sorted(
            {
                person(name.decode(), who.decode())
                for name, identities in rows.as_numpy_iterator()
                for who in identities
            }
        )


def person(data_set: str, identity: str) -> str:
    """One name for a person: the data set, without its quality, and the identity.

    The same identity of two data sets is two people, but `ffpp_c23` and `ffpp_c40` are
    one data set.
    """
    words = re.split(r"[\s_.-]+", data_set.lower())
    name = "_".join(word for word in words if word not in QUALITIES)
    return f"{name or data_set.lower()}/{identity}"
