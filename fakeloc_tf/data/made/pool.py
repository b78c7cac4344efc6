"""Whose portraits training faces are made from, and who is kept for tests."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from fakeloc_tf.data.portraits import (
    Portrait,
    landmarks_of,
    load_portraits,
    read_table,
)
from fakeloc_tf.errors import FakelocError

# Of the people who are not in the demo set, by the hash of their id.
HELD_OUT_SHARE = 0.06
# Letters of a word of a name, at least, and words that name the same person.
_SHORTEST, _SHARED = 3, 2
# Columns of an `index.csv` that may hold a person's id.
_ID_COLUMNS = ("bioguide", "icpsr", "identity")


def load_pool(
    folders: Iterable[str | os.PathLike[str]], held_out: bool = False
) -> list[Portrait]:
    """The portraits of the training people, or of those that are kept for tests.

    Kept are the validation and test people of the demo set and a share of the others.
    One folder names people by Bioguide, another by ICPSR: who shares two words of the
    name with somebody who is kept is taken for the same person, and kept too.

    Args:
        folders: each with `index.csv` (file and bioguide, icpsr or identity),
            `landmarks.csv` (`tools/compute_landmarks.py`) and the pictures.
        held_out: those kept for tests.

    Raises:
        FakelocError: a table is missing or lacks a column, or nobody is left.
    """
    shipped = load_portraits()
    demo = {p.identity: p.split for p in shipped}
    every = [p for folder in folders for p in _read(Path(folder))]
    kept = [_words(p.name) for p in (*shipped, *every) if is_held_out(p.identity, demo)]

    def stays(person: Portrait) -> bool:
        words = _words(person.name)
        return is_held_out(person.identity, demo) or any(
            len(words & other) >= _SHARED for other in kept
        )

    chosen = [person for person in every if stays(person) == held_out]
    if not chosen:
        raise FakelocError(f"data.made.portraits={list(folders)}: nobody is in there")
    return chosen


def is_held_out(identity: str, demo: dict[str, str]) -> bool:
    """Whether a person is kept for tests; `demo`: identity → split in the demo set."""
    if identity in demo:
        return demo[identity] != "train"
    digest = hashlib.sha256(identity.encode()).digest()
    return int.from_bytes(digest[:8], "big") < HELD_OUT_SHARE * 2**64


def _words(name: str) -> frozenset[str]:
    """The words of a name, without initials and titles."""
    words = re.findall(r"\w+", name.lower())
    return frozenset(word for word in words if len(word) >= _SHORTEST)


def _read(folder: Path) -> list[Portrait]:
    """Every portrait of a folder, in the order of its index."""
    index = read_table(folder / "index.csv")
    points = {row["file"]: row for row in read_table(folder / "landmarks.csv")}
    portraits = []
    for row in index:
        identity = next((row[name] for name in _ID_COLUMNS if row.get(name)), None)
        if identity is None or row.get("file") not in points:
            raise FakelocError(
                f"{folder}: {row.get('file')} has no id ({', '.join(_ID_COLUMNS)}) in "
                "index.csv or no row in landmarks.csv; make the latter with "
                f"`python tools/compute_landmarks.py {folder}`"
            )
        portraits.append(
            Portrait(
                number="",
                identity=identity,
                name=row.get("name", ""),
                path=folder / row["file"],
                landmarks=landmarks_of(points[row["file"]]),
                split="train",
            )
        )
    return portraits
