"""Splits by person where a data set has no official ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

# Shares of people in the splits.
TRAIN_SHARE, VAL_SHARE = 0.70, 0.15
ACROSS_SPLITS = "people_in_two_splits"


def split_of_identity(identity: str) -> str:
    """Stable split of a person: the first 32 bits of the name's sha256 as a share."""
    digest = hashlib.sha256(identity.encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    if share < TRAIN_SHARE:
        return "train"
    return "val" if share < TRAIN_SHARE + VAL_SHARE else "test"


def split_of_people(identities: Iterable[str]) -> str | None:
    """The split that all of them are in, or None: such a fake fits nowhere."""
    splits = {split_of_identity(identity) for identity in identities}
    return splits.pop() if len(splits) == 1 else None
