"""What is said of a person in a video; apart from `tracks`, which workers import."""

from __future__ import annotations

from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.quality import are_doubts
from fakeloc_tf.inference.tracks import Track
from fakeloc_tf.inference.verdict import verdict
from fakeloc_tf.metrics.aggregation import aggregate


def judge_track(track: Track, info: ModelInfo) -> tuple[float, str]:
    """The score of a person in a video, not rounded, and the verdict on it."""
    score = aggregate(info.aggregation, track.probabilities)
    doubted = are_doubts(track.warnings)
    return score, verdict(score, info.video_thresholds(), doubted=doubted)
