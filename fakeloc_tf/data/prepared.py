"""A prepared folder: what its `dataset.json` says, and its TFRecord files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError


def dataset_info(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The `dataset.json` that preparation wrote: name, classes, prepare, counts.

    Raises:
        FakelocError: the folder is no prepared data set.
    """
    path = Path(folder) / "dataset.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise FakelocError(
            f"{folder} holds no prepared data set (dataset.json: {error}); "
            "make one with `python -m pipelines.prepare --input DIR --out "
            f"{folder}`"
        ) from error


def chosen_classes(info: Mapping[str, Any], methods: Sequence[str]) -> dict[str, int]:
    """Class → index of the pristine faces and of some manipulations.

    Args:
        info: of `dataset_info`.
        methods: names of manipulations; none = all.

    Raises:
        FakelocError: the data set has no class of that name, or it is the pristine one.
    """
    pristine, *fakes = info["classes"]
    for name in methods:
        if name not in fakes:
            raise FakelocError(
                f"data.methods={list(methods)}: {name!r} is none of the manipulations "
                f"of {info['name']}: {', '.join(fakes)}"
            )
    wanted = {pristine, *(methods or fakes)}
    return {name: i for i, name in enumerate(info["classes"]) if name in wanted}


def class_counts(
    info: Mapping[str, Any], split: str, methods: Sequence[str] = ()
) -> dict[str, int]:
    """Class → faces of a split, for `chosen_classes`."""
    counts = info["counts"].get(split, {})
    return {name: counts.get(name, 0) for name in chosen_classes(info, methods)}


def shards_of(folder: str | os.PathLike[str], *splits: str) -> list[Path]:
    """The TFRecord files of the splits, each in order; of all by default."""
    return [
        file
        for split in splits or SPLITS
        for file in sorted(Path(folder).glob(f"{split}-*.tfrecord"))
    ]


def split_files(folder: str | os.PathLike[str], split: str) -> list[str]:
    """The TFRecord files of one split, sorted.

    Raises:
        FakelocError: there are none.
    """
    if split not in SPLITS:
        raise ValueError(f"`split` must be one of {SPLITS}. Received: {split}")
    files = [str(path) for path in shards_of(folder, split)]
    if not files:
        raise FakelocError(
            f"{folder} has no records of the split {split!r} ({split}-*.tfrecord)"
        )
    return files


def split_sha256(folder: str | os.PathLike[str], split: str, also: str = "") -> str:
    """Hash of what a split consists of: description, names and sizes of its files.

    Args:
        folder: prepared data set.
        split: train, val or test.
        also: text that is hashed first.
    """
    digest = hashlib.sha256(also.encode())
    digest.update((Path(folder) / "dataset.json").read_bytes())
    for path in split_files(folder, split):
        digest.update(f"{Path(path).name} {os.path.getsize(path)}\n".encode())
    return digest.hexdigest()
