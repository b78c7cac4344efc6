"""How much a preparation left out, and when that is too much."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.errors import FakelocError
from pipelines.parts import Part


def rejected_shares(parts: Sequence[Part]) -> dict[str, Any]:
    """For `dataset.json`: the share of the data set, and of its worst video.

    Nobody knows how many frames an unreadable file has: it counts as much as the
    others do on average. A mask that does not fit loses nothing: its faces are kept.
    """
    readable, unreadable = {}, []
    for part in parts:
        if any(line.reason == "unreadable" for line in part.rejected):
            unreadable.append(part.source.video_id)
        else:
            lost = sum(line.frame is not None for line in part.rejected)
            wanted = lost + part.faces - part.repeats
            readable[part.source.video_id] = lost, max(wanted, 1)
    usual = statistics.fmean(n for _, n in readable.values()) if readable else 1.0
    all_lost = sum(n for n, _ in readable.values()) + usual * len(unreadable)
    all_wanted = sum(n for _, n in readable.values()) + usual * len(unreadable)
    shares = {video: a / b for video, (a, b) in readable.items()}
    shares |= dict.fromkeys(unreadable, 1.0)
    worst = max(shares, key=lambda video: (shares[video], video))
    return {
        "share": all_lost / all_wanted,
        "worst_video": worst,
        "worst_share": shares[worst],
    }


def check_shares(rejected: dict[str, Any], config: PrepareConfig, where: str) -> None:
    """Refuses a preparation that lost too much.

    Args:
        rejected: of `rejected_shares`.
        config: its bounds.
        where: the list of what was left out, for the message.

    Raises:
        FakelocError: a share is above its bound.
    """
    for key, share, what in (
        ("max_rejected", rejected["share"], "the data set"),
        ("max_rejected_video", rejected["worst_share"], rejected["worst_video"]),
    ):
        bound = getattr(config, key)
        if share > bound:
            raise FakelocError(
                f"{share:.0%} of the wanted frames of {what} were left out, more than "
                f"prepare.{key}={bound:g}: see {where}. To accept it, run the same "
                f"command with --set prepare.{key}=1; nothing is done twice"
            )
