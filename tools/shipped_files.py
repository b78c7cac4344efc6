"""Whole pictures and videos as `fakeloc detect` sees them: what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shipped_numbers import share

from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.inputs import collect
from fakeloc_tf.inference.outputs import Row
from fakeloc_tf.inference.run import detect_files
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES, Settings
from fakeloc_tf.inference.verdict import ALL, LIKELY_MANIPULATED
from fakeloc_tf.inference.workers import Workers


def look_at(detector: Detector, paths: Sequence[Path], workers: int) -> list[Row]:
    """The rows of `results.jsonl`, by path; nothing is written.

    Args:
        detector: scores the faces.
        paths: pictures, videos, folders.
        workers: processes that read them.
    """
    settings = Settings.of_model(
        detector.info, fps=FPS, face_side=FACE_SIDE, max_seconds=60 * MAX_MINUTES
    )
    with Workers(workers) as pool:
        rows = detect_files(detector, collect(paths), None, settings, pool)
        return sorted(rows, key=lambda row: row["path"])


def file_figures(rows: Sequence[Row], detector: Detector) -> dict[str, Any]:
    """How files and their faces were answered.

    Args:
        rows: of `look_at`.
        detector: that answered.

    Returns:
        `files`; `status` (counts); `answers` (verdict → share of the files with one);
        `faces` (the same of the faces, in each frame that was looked at);
        `faces_at_threshold`: share of the faces whose score is at the threshold,
        whether a doubt made the verdict another or not. Intervals are exact.
    """
    judged = [row["verdict"] for row in rows if "verdict" in row]
    faces = [face for row in rows for face in faces_of(row)]
    called = [face["verdict"] for face in faces]
    limit = detector.info.thresholds().manipulated
    high = sum(face["probability"] >= limit for face in faces)
    return {
        "files": len(rows),
        "status": dict(Counter(row["status"] for row in rows)),
        "answers": {one: share(judged.count(one), len(judged)) for one in ALL},
        "faces": {one: share(called.count(one), len(called)) for one in ALL},
        "faces_at_threshold": share(high, len(faces)),
    }


def per_video(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A row a video, by number: their names stay where they are."""
    videos = []
    for number, row in enumerate(rows, 1):
        faces = faces_of(row)
        called = sum(face["verdict"] == LIKELY_MANIPULATED for face in faces)
        videos.append(
            {
                "video": number,
                "status": row["status"],
                "frames": row.get("frames_scored", 0),
                "faces": len(faces),
                "faces_called_manipulated": called,
                "probability": row.get("probability"),
                "verdict": row.get("verdict"),
            }
        )
    return videos


def faces_of(row: Row) -> list[Row]:
    """Faces of a picture, or of all frames of a video that were looked at."""
    frames = row.get("frames", [])
    return row.get("faces", []) + [face for frame in frames for face in frame["faces"]]
