"""What every data set layout is read into: a list of `Source`s and who is in them."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError

PRISTINE = "pristine"


@dataclass(frozen=True)
class Source:
    """One video or picture to prepare.

    Attributes:
        path: the file.
        mask_path: video, picture, or folder of PNGs; None = real, or no mask known.
        label: 0 real, 1 fake.
        method: name in the class list; `pristine` for a real one.
        video_id: unique in the data set.
        identities: the people in it, the target first.
        split: one of `records.SPLITS`.
        quality: compression of the data set, e.g. `c23`.
        dataset: name of the data set.
        mask_rule: a key of `masks.MASK_RULES`.
        original: of a fake, the real file that it was made from, if it is there.
    """

    path: Path
    mask_path: Path | None
    label: int
    method: str
    video_id: str
    identities: tuple[str, ...]
    split: str
    quality: str
    dataset: str
    mask_rule: str = "plain"
    original: Path | None = None


@dataclass(frozen=True)
class Rejection:
    """Something that did not become a record, and why.

    Attributes:
        frame: index; None = the whole video, or the mask of the whole video.
        reason: one of the words in `pipelines/README.md`.
    """

    split: str
    method: str
    video: str
    frame: int | None
    reason: str


@dataclass(frozen=True)
class Listing:
    """A data set as listed, before any pixel is read.

    Attributes:
        sources: sorted by `video_id`.
        classes: names of the methods, index 0 = pristine.
        rejected: files that are no part of the data set.
        missing: files that its lists name and that are not there.
    """

    sources: tuple[Source, ...]
    classes: tuple[str, ...]
    rejected: tuple[Rejection, ...] = ()
    missing: tuple[Rejection, ...] = ()


def check_listing(listing: Listing, folder: Path) -> None:
    """Refuses a data set without sources or with a person in two splits.

    Raises:
        FakelocError: names the folder, or the people and their splits.
    """
    if not listing.sources:
        reasons = sorted({r.reason for r in listing.rejected})
        why = f"; files were left out as: {', '.join(reasons)}" if reasons else ""
        raise FakelocError(f"{folder} has no videos or pictures to prepare{why}")
    splits = collections.defaultdict(set)
    for source in listing.sources:
        for identity in source.identities:
            splits[identity].add(source.split)
    shared = {who: found for who, found in sorted(splits.items()) if len(found) > 1}
    if shared:
        some = [
            f"{who} ({', '.join(s for s in SPLITS if s in found)})"
            for who, found in list(shared.items())[:5]
        ]
        more = f" and {len(shared) - 5} more" if len(shared) > 5 else ""
        raise FakelocError(
            f"{folder}: a person must be in one split only, else the test is not "
            f"fair. In several: {', '.join(some)}{more}"
        )


def deal_shards(sources: Iterable[Source], shards: int) -> dict[str, tuple[int, int]]:
    """Deals the videos of each split over its shards like cards.

    In the order of `video_id`, which begins with the method: every shard gets its
    share of every method.

    Args:
        sources: of all splits.
        shards: files per split; fewer where a split has fewer videos.

    Returns:
        `video_id` -> (shard, number of shards of its split).
    """
    ids: dict[str, list[str]] = collections.defaultdict(list)
    for source in sources:
        ids[source.split].append(source.video_id)
    dealt = {}
    for videos in ids.values():
        count = min(shards, len(videos))
        for rank, video_id in enumerate(sorted(videos)):
            dealt[video_id] = (rank % count, count)
    return dealt
