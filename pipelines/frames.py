"""Which frames of a video become faces (§IV-A)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.media.images import IMAGE_SUFFIXES
from fakeloc_tf.media.video import probe
from pipelines.sources import Source


def frames_in(source: Source) -> int:
    """Frames that the file has, counted; 1 for a picture.

    Raises:
        FakelocError: it is a video that cannot be read.
    """
    return 1 if is_picture(source) else probe(source.path).frames


def faces_wanted(source: Source, config: PrepareConfig) -> int:
    """Faces that the config asks of a source; a picture gives one.

    Four fakes are made from each real video of FF++: in training the real ones give
    `real_factor` times as many.
    """
    if is_picture(source):
        return 1
    if source.split != "train":
        return config.frames_eval
    return config.frames_train * (1 if source.label else config.real_factor)


def spread_frames(total: int, count: int) -> Sequence[int]:
    """Indices of `count` frames, evenly spread over `total`; all if there are fewer.

    Each stands in the middle of its part: 2 of 8 are 2 and 6.
    """
    if total <= count:
        return range(total)
    return [(2 * part + 1) * total // (2 * count) for part in range(count)]


def repeats_of_frames(
    total: int, source: Source, config: PrepareConfig
) -> Counter[int]:
    """Frame -> how often it is repeated, where a real training video is too short.

    It is filled up to `real_factor` times what a fake of its length gives; other videos
    that are too short give fewer faces: nothing balances them.
    """
    if source.label or source.split != "train" or is_picture(source) or not total:
        return Counter()
    missing = config.real_factor * min(config.frames_train, total) - total
    if missing <= 0:
        return Counter()
    rounds, rest = divmod(missing, total)
    repeats = Counter(spread_frames(total, rest))
    if rounds:
        repeats.update(dict.fromkeys(range(total), rounds))
    return repeats


def is_picture(source: Source) -> bool:
    """Whether the source is a picture, not a video."""
    return source.path.suffix.lower() in IMAGE_SUFFIXES
