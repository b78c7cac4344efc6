"""The embedded public-domain portraits: pictures, landmarks, stable splits."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import read_image

FOLDER = Path(__file__).parent / "demo"
CREDITS = FOLDER / "CREDITS.md"

# Identities per split, as shares of all of them: 8, 12 and the other 44 of 64.
_HELD_OUT = (("val", 8 / 64), ("test", 12 / 64))


@dataclass(frozen=True)
class Portrait:
    """One identity of the demo set.

    Attributes:
        number: three digits, its name in the FF++ layout ("017").
        identity: its Bioguide id ("C001117").
        name: the person's name, for the credits.
        path: the picture.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        split: train, val or test.
    """

    number: str
    identity: str
    name: str
    path: Path
    landmarks: np.ndarray
    split: str

    def image(self) -> np.ndarray:
        """The picture, uint8 [H, W, 3] RGB."""
        return read_image(self.path)


def load_portraits(count: int | None = None, folder: Path = FOLDER) -> list[Portrait]:
    """The portraits in the order of their numbers.

    Args:
        count: only so many; the first three are of three different splits, and more
            come in proportion. None = all.
        folder: with `index.csv`, `landmarks.csv` and the pictures.

    Raises:
        FakelocError: a table is missing, or `count` does not fit.
    """
    rows = read_table(folder / "index.csv")
    points = {row["file"]: row for row in read_table(folder / "landmarks.csv")}
    splits = assign_splits([row["bioguide"] for row in rows])
    portraits = []
    for index, row in enumerate(rows):
        if row["file"] not in points:
            raise FakelocError(f"{folder / 'landmarks.csv'} lacks {row['file']}")
        portraits.append(
            Portrait(
                number=f"{index:03d}",
                identity=row["bioguide"],
                name=row["name"],
                path=folder / row["file"],
                landmarks=landmarks_of(points[row["file"]]),
                split=splits[row["bioguide"]],
            )
        )
    return portraits if count is None else _choose(portraits, count)


def assign_splits(identities: list[str]) -> dict[str, str]:
    """Identity to split, by the order of their sha256: 1/8 val, 3/16 test."""
    ordered = sorted(identities, key=_digest)
    splits = dict.fromkeys(ordered, "train")
    start = 0
    for split, share in _HELD_OUT:
        end = start + round(share * len(ordered))
        splits |= dict.fromkeys(ordered[start:end], split)
        start = end
    return splits


def _choose(portraits: list[Portrait], count: int) -> list[Portrait]:
    """`count` portraits, the splits in their proportions, each at least once."""
    if not 3 <= count <= len(portraits):
        raise FakelocError(
            f"identities must be 3 (one a split) to {len(portraits)}. Received: {count}"
        )
    rank: dict[str, float] = {}
    for split in ("train", "val", "test"):
        members = sorted(
            (p.identity for p in portraits if p.split == split), key=_digest
        )
        rank |= {identity: i / len(members) for i, identity in enumerate(members)}
    chosen = sorted(portraits, key=lambda p: (rank[p.identity], p.number))[:count]
    return sorted(chosen, key=lambda p: p.number)


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()


def landmarks_of(row: dict[str, str]) -> np.ndarray:
    """float32 [68, 2]: of a row of `landmarks.csv`."""
    flat = [float(value) for key, value in row.items() if key != "file"]
    return np.array(flat, np.float32).reshape(68, 2)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file.

    Raises:
        FakelocError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise FakelocError(f"{path} cannot be read: {error.strerror}") from error
