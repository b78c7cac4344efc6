"""What is said of a file and of a person in it; apart from what workers import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.quality import are_doubts
from fakeloc_tf.inference.tracks import Track
from fakeloc_tf.inference.verdict import ALL, verdict
from fakeloc_tf.metrics.aggregation import aggregate


def judge_track(track: Track, info: ModelInfo) -> tuple[float, str]:
    """The score of a person in a video, not rounded, and the verdict on it."""
    score = aggregate(info.aggregation, track.probabilities)
    doubted = are_doubts(track.warnings)
    return score, verdict(score, info.video_thresholds(), doubted=doubted)


def status_of(found: bool, too_small: int) -> str:
    """Status of a file that was read.

    Args:
        found: whether there are faces to score.
        too_small: faces that have too few pixels for it.
    """
    return "ok" if found else "too_small" if too_small else "no_face"


def judge_file(deciders: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Score and verdict of a file.

    Args:
        deciders: rows of its faces, of a video of the tracks that count; at least one.

    Returns:
        `probability`, the highest, and `verdict`: manipulated if one is, else not sure
        if one is.
    """
    return {
        "probability": max(row["probability"] for row in deciders),
        "verdict": min((row["verdict"] for row in deciders), key=ALL.index),
    }
