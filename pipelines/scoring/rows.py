"""Scored faces to rows, and the rows of a file from those of its faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from fakeloc_tf.inference.detector import FaceResult, FaceScores, face_result
from fakeloc_tf.inference.judging import judge_file, judge_track, status_of
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.quality import QualityWarning
from fakeloc_tf.inference.tracks import (
    TrackCollector,
    TrackPoint,
    deciding,
)
from fakeloc_tf.media.images import encode_png, to_grey
from pipelines.scoring.chunks import Face
from pipelines.scoring.schemas import SCORED, with_masks

Row = dict[str, Any]


def scored_table(
    faces: Sequence[Face],
    scores: FaceScores,
    info: ModelInfo,
    model_sha256: str,
    masks: bool,
) -> pa.Table:
    """A row for each face of a chunk.

    Args:
        faces: as they were found.
        scores: of the same faces.
        info: of the model.
        model_sha256: of the model.
        masks: add the map of each face as PNG.

    Returns:
        Of `schemas.SCORED`, where wanted `with_masks`.
    """
    rows = []
    for index, face in enumerate(faces):
        result = face_result(info, face.found, scores, index)
        row = _place(face) | _of_result(result) | {"model_sha256": model_sha256}
        if masks:
            row["mask"] = encode_png(to_grey(result.localization))
        rows.append(row)
    return pa.Table.from_pylist(rows, with_masks(SCORED, masks))


def _place(face: Face) -> Row:
    """Where a face was found."""
    found = face.found
    return face.facts | {
        "file": face.file,
        "frame": face.frame,
        "time": face.time,
        "face": face.number,
        "track": found.track,
        "face_score": found.box.score,
        "pose": found.box.pose,
    }


def _of_result(result: FaceResult) -> Row:
    """What the model says of it."""
    box, crop = result.box, result.crop_box
    methods = result.method_probabilities
    return {
        "box_x": box.left,
        "box_y": box.top,
        "box_w": box.width,
        "box_h": box.height,
        "crop_x": crop.left,
        "crop_y": crop.top,
        "crop_w": crop.right - crop.left,
        "crop_h": crop.bottom - crop.top,
        "probability": result.probability,
        "verdict": result.verdict,
        "manipulated_fraction": result.manipulated_fraction,
        "warnings": [asdict(warning) for warning in result.warnings],
        "method_probabilities": None if methods is None else list(methods.items()),
    }


def file_row(file: Row, faces: Sequence[Row], info: ModelInfo) -> Row:
    """The row of a file that was read, by the rules of `fakeloc detect`.

    Args:
        file: `FileState.to_json`.
        faces: rows of its faces, in the order of frames; `frame`, `time`, `track`,
            `probability`, `verdict` and `warnings` are looked at.
        info: of the model.
    """
    status = status_of(bool(faces), file["too_small"])
    row = file | {"status": status, "faces": len(faces)}
    if not faces:
        return row
    judged = faces if file["kind"] == "image" else deciding(_track_rows(faces, info))
    return row | judge_file(judged)


def _track_rows(faces: Sequence[Row], info: ModelInfo) -> list[Row]:
    """The score of each person of a video."""
    collector = TrackCollector()
    for row in faces:
        warnings = [QualityWarning(**warning) for warning in row["warnings"]]
        point = TrackPoint(row["frame"], row["time"], row["probability"])
        collector.add(row["track"], point, warnings)
    rows = []
    for track in collector.tracks():
        score, answer = judge_track(track, info)
        rows.append(
            {"frames": len(track.points), "probability": score, "verdict": answer}
        )
    return rows
