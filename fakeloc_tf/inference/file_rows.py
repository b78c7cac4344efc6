"""Scored faces → the row of a file in `results.jsonl`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from fakeloc_tf.inference.detector import FaceResult, FaceScores, face_result
from fakeloc_tf.inference.finding import FileFacts, FoundFace, FoundFrame
from fakeloc_tf.inference.inputs import InputFile, shown
from fakeloc_tf.inference.judging import judge_file, judge_track, status_of
from fakeloc_tf.inference.marking import Shown
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.notes import joined, unread_frames
from fakeloc_tf.inference.outputs import MaskKeeper, Row
from fakeloc_tf.inference.quality import QualityWarning
from fakeloc_tf.inference.tracks import (
    DIGITS,
    Track,
    TrackCollector,
    TrackPoint,
    deciding,
    manipulated_seconds,
    peaks,
    ranked,
    smoothed,
)

# Tracks of a video that the report shows.
MAX_TRACKS = 8


class FileRow:
    """Grows with the frames of one file; a picture is a file of one frame."""

    def __init__(
        self,
        item: InputFile,
        info: ModelInfo,
        masks: MaskKeeper | None,
        drawn: bool = False,
    ) -> None:
        """Starts a file.

        Args:
            item: the file.
            info: of the model.
            masks: where masks go; None = nowhere.
            drawn: whether there will be an overlay.
        """
        self.item = item
        self.frames_to_come = 0
        self._info = info
        self._masks = masks
        self._drawn = drawn
        self._row: Row = {
            "path": item.label,
            "kind": item.kind,
            "name": item.name,
        }
        self._notes: list[str] = []
        self._frames: list[Row] = []
        self._too_small = 0
        self._collector = TrackCollector()

    def set_facts(self, facts: FileFacts) -> None:
        """What the worker says of the file, before its faces."""
        row = dict(facts.row)
        self._notes += row.pop("notes", [])
        self._row |= row
        self.frames_to_come = facts.frames or self.frames_to_come

    @property
    def share(self) -> float:
        """How much of the file is scored, 0..1."""
        return min(1.0, len(self._frames) / max(1, self.frames_to_come))

    def add(self, frame: FoundFrame, scores: FaceScores | None) -> None:
        """Takes a frame in.

        Args:
            frame: frames come in order.
            scores: of its faces; None where there are none.
        """
        self._too_small += frame.too_small
        faces = []
        for number, face in enumerate(frame.faces):
            if scores is not None:
                faces.append(self._face_row(frame, number, face, scores))
        self._frames.append({"frame": frame.index, "time": frame.time, "faces": faces})

    def failed(self, status: str, reason: str) -> Row:
        """The row of a file that cannot be looked at."""
        kept = ("path", "kind", "name", "sha256", "bytes", "modified_ns")
        head = {key: self._row[key] for key in kept if key in self._row}
        return {"sha256": None} | head | {"status": status, "reason": reason}

    def finish(self) -> tuple[Row, list[Shown]]:
        """The whole row and the faces that the report shows."""
        if "status" in self._row:
            return self.failed(self._row["status"], self._row["reason"]), []
        found = any(frame["faces"] for frame in self._frames)
        self._row["status"] = status_of(found, self._too_small)
        if self.item.kind == "image":
            self._row["faces"] = [f for frame in self._frames for f in frame["faces"]]
            deciders = self._row["faces"]
            shown_faces = [
                Shown(f"{self.item.name}@{face['face']}", 0, face["face"])
                for face in deciders
            ]
        else:
            deciders, shown_faces = self._finish_video()
        if found:
            self._row |= judge_file(deciders)
            if self._drawn:
                suffix = "png" if self.item.kind == "image" else "mp4"
                self._row["overlay"] = f"overlays/{self.item.name}.{suffix}"
        self._set_note()
        return self._row, shown_faces

    def set_drawn(self, evidence: dict[str, dict[str, str]], notes: list[str]) -> None:
        """Adds the pictures that were made for the report to the row."""
        self._notes += notes
        self._set_note()
        for face in self._row.get("faces", []):
            face["evidence"] = evidence.get(f"{self.item.name}@{face['face']}", {})
        for track in self._row.get("tracks", []):
            for peak in track.get("peaks", []):
                name = self._peak_name(track["track"], peak["frame"])
                peak["evidence"] = evidence.get(name, {})

    def _set_note(self) -> None:
        """What a reader of the row should know besides; the path is in it already."""
        if self._notes:
            self._row["note"] = joined(self._notes, shown(self.item.path))

    def _peak_name(self, track: int, frame: int) -> str:
        return f"{self.item.name}@{track}-{frame:06d}"

    def _face_row(
        self, frame: FoundFrame, number: int, face: FoundFace, scores: FaceScores
    ) -> Row:
        """One face; writes its mask."""
        result = face_result(self._info, face, scores, number)
        if face.track is not None:
            point = TrackPoint(frame.index, frame.time, result.probability)
            self._collector.add(face.track, point, face.warnings)
        head: Row = {"face": number} if face.track is None else {"track": face.track}
        row = head | _of_result(result)
        if self._masks is not None:
            where = number if face.track is None else f"{face.track}-{frame.index:06d}"
            name = f"{self.item.name}@{where}"
            row["mask"] = self._masks.write_mask(name, result.localization)
        return row

    def _finish_video(self) -> tuple[list[Row], list[Shown]]:
        """Adds tracks and frames; the tracks that decide and the peaks to show."""
        tracks = {track.id: track for track in self._collector.tracks()}
        rows = [self._track_row(track) for track in tracks.values()]
        faces = {
            (frame["frame"], face["track"]): (number, face)
            for frame in self._frames
            for number, face in enumerate(frame["faces"])
        }
        shown_faces = []
        for row in ranked(rows)[:MAX_TRACKS]:
            row["peaks"] = []
            for point in peaks(tracks[row["track"]].points):
                number, face = faces[point.frame, row["track"]]
                left_out = ("track", "verdict", "warnings", "mask")
                peak = {"frame": point.frame, "time": point.time} | face
                row["peaks"].append({k: peak[k] for k in peak if k not in left_out})
                name = self._peak_name(row["track"], point.frame)
                shown_faces.append(Shown(name, point.frame, number))
        self._row |= {
            "frames_scored": len(self._frames),
            "aggregation": self._info.aggregation,
            "tracks": rows,
            "frames": self._frames,
        }
        missing = self.frames_to_come - len(self._frames)
        if missing > 0:
            self._notes.append(unread_frames(missing))
        return deciding(rows), shown_faces

    def _track_row(self, track: Track) -> Row:
        """One track as it stands in `results.jsonl`."""
        points = track.points
        score, answer = judge_track(track, self._info)
        levels = smoothed(points)
        times = [frame["time"] for frame in self._frames]
        return {
            "track": track.id,
            "frames": len(points),
            "first_time": points[0].time,
            "last_time": points[-1].time,
            "probability": round(score, DIGITS),
            "verdict": answer,
            "warnings": _warnings(track.warnings),
            "manipulated_seconds": manipulated_seconds(
                points, self._info.threshold, times, self._row["seconds"]
            ),
            "smoothed": [
                [point.time, round(float(level), DIGITS)]
                for point, level in zip(points, levels, strict=True)
            ],
        }


def _of_result(result: FaceResult) -> Row:
    """A face as it stands in the row.

    Rounded here only: the thresholds of sure models lie near 1, such as 0.99999994, and
    a rounded score would be beyond them.
    """
    box, crop = result.box, result.crop_box
    row: Row = {
        "box": [round(v, 1) for v in (box.left, box.top, box.right, box.bottom)],
        "face_score": round(box.score, 4),
        "pose": box.pose,
        "crop_box": [crop.left, crop.top, crop.right, crop.bottom],
        "probability": round(result.probability, DIGITS),
        "verdict": result.verdict,
        "warnings": _warnings(result.warnings),
        "manipulated_fraction": result.manipulated_fraction,
    }
    if result.method_probabilities is not None:
        methods = result.method_probabilities.items()
        row["method_probabilities"] = {k: round(v, DIGITS) for k, v in methods}
    return row


def _warnings(warnings: Sequence[QualityWarning]) -> list[dict[str, str]]:
    return [asdict(warning) for warning in warnings]
