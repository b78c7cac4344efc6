"""One input file → its row, masks, overlay and the pictures of the report."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.evidence import Evidence, evidence_of
from fakeloc_tf.inference.images import analyse_image
from fakeloc_tf.inference.inputs import InputFile, shown
from fakeloc_tf.inference.outputs import Outputs, face_row, sha256_of
from fakeloc_tf.inference.overlay import DrawnFace, draw, drawn, write_overlay_video
from fakeloc_tf.inference.videos import (
    ScoredFrame,
    Track,
    TrackSummaries,
    ranked_tracks,
    sampled_indices,
    score_video,
    video_probability,
)
from fakeloc_tf.media.faces import CropBox, FaceBox
from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import VideoInfo, probe

log = logging.getLogger(__name__)

# Tracks of a video that the report shows.
MAX_TRACKS = 8
READ = ("ok", "no_face", "too_small")
STATUSES = (*READ, "unreadable", "unsupported")


@dataclass
class FileReport:
    """One file for the report.

    Attributes:
        row: its line of `results.jsonl`.
        evidence: pictures of its faces (of a video: of its tracks).
    """

    row: dict[str, Any]
    evidence: list[Evidence]


class Processor:
    """Works through files; a bad one becomes a row with its reason."""

    def __init__(
        self, detector: Detector, outputs: Outputs, *, fps: float | None
    ) -> None:
        """Puts detector and output folder together.

        Args:
            fps: frames a second that are scored of a video; None = every frame.
        """
        self.detector = detector
        self.outputs = outputs
        self.fps = fps

    def process(self, item: InputFile) -> FileReport:
        """Scores one file and writes all its outputs, its row last."""
        head = {"path": shown(item.path), "kind": item.kind}
        self.outputs.begin()
        try:
            report = self._by_kind(item)
        except FakelocError as error:
            report = self._failed(str(error))
        except Exception as error:
            # One bad file never stops the rest, whatever a decoder makes of it.
            log.exception("%s", item.path)
            report = self._failed(f"{type(error).__name__}: {error}")
        report.row = head | {"sha256": sha256_of(item.path)} | report.row
        self.outputs.append(report.row)
        return report

    def _failed(self, reason: str) -> FileReport:
        """The row of a file that cannot be read; takes its outputs back."""
        self.outputs.discard()
        return FileReport({"status": "unreadable", "reason": reason}, [])

    def _by_kind(self, item: InputFile) -> FileReport:
        if item.kind == "image":
            return self._image(item)
        if item.kind == "video":
            return self._video(item)
        reason = f"suffix {item.path.suffix!r} is neither of a picture nor of a video"
        return FileReport({"status": "unsupported", "reason": reason}, [])

    def _image(self, item: InputFile) -> FileReport:
        """A picture."""
        analysis = analyse_image(self.detector, item.path)
        height, width = analysis.image_uint8.shape[:2]
        row: dict[str, Any] = {"status": analysis.status, "width": width}
        row |= {"height": height, "faces": []}
        if not analysis.faces:
            return FileReport(row, [])
        for number, face in enumerate(analysis.faces):
            mask = self.outputs.write_mask(
                f"{item.name}_face{number}", face.localization
            )
            row["faces"].append(face_row(face, mask))
        target = self.outputs.target("overlays", f"{item.name}.png")
        marked = draw(analysis.image_uint8, [drawn(face) for face in analysis.faces])
        write_png(target, marked)
        row |= self._summary(max(face.probability for face in analysis.faces))
        row["overlay"] = f"overlays/{target.name}"
        evidence = [
            evidence_of(analysis.image_uint8, drawn(face), face_line, f"Face {number}")
            for number, (face, face_line) in enumerate(
                zip(analysis.faces, row["faces"], strict=True)
            )
        ]
        return FileReport(row, evidence)

    def _video(self, item: InputFile) -> FileReport:
        """A video: scored in one pass, drawn in a second."""
        info = probe(item.path)
        indices = sampled_indices(info, self.fps)
        summaries = TrackSummaries()
        frames, too_small = [], 0
        for frame in score_video(self.detector, item.path, info, indices):
            summaries.add(frame)
            too_small += frame.too_small
            frames.append(self._frame_row(item.name, frame, info))
        tracks = summaries.tracks()
        row = _video_row(info, frames, len(indices))
        if not tracks:
            row["status"] = "too_small" if too_small else "no_face"
            return FileReport(row, [])
        row |= self._summary(video_probability(tracks))
        row["tracks"] = [self._track_row(track, info) for track in tracks]
        row["overlay"] = f"overlays/{item.name}.mp4"
        shown = ranked_tracks(tracks)[:MAX_TRACKS]
        return FileReport(row, self._draw_video(item, info, frames, shown))

    def _summary(self, probability: float | None) -> dict[str, Any]:
        """Score and verdict of a whole file."""
        if probability is None:
            return {}
        verdict = self.detector.verdict(probability)
        return {"probability": probability, "verdict": verdict}

    def _frame_row(
        self, name: str, frame: ScoredFrame, info: VideoInfo
    ) -> dict[str, Any]:
        """One sampled frame; writes the masks of its faces."""
        faces = []
        for track, face in zip(frame.tracks, frame.faces, strict=True):
            mask = self.outputs.write_mask(
                f"{name}_f{frame.index:06d}_t{track}", face.localization
            )
            faces.append({"track": track} | face_row(face, mask))
        time = round(frame.index / info.fps, 3)
        return {"frame": frame.index, "time": time, "faces": faces}

    def _track_row(self, track: Track, info: VideoInfo) -> dict[str, Any]:
        """One track as it stands in `results.jsonl`."""
        return {
            "track": track.id,
            "frames": track.frames,
            "first_time": round(track.first / info.fps, 3),
            "last_time": round(track.last / info.fps, 3),
            "probability": track.mean_probability,
            "verdict": self.detector.verdict(track.mean_probability),
            "peak_probability": track.peak_probability,
            "peak_frame": track.peak_frame,
        }

    def _draw_video(
        self,
        item: InputFile,
        info: VideoInfo,
        frames: list[dict[str, Any]],
        shown: list[Track],
    ) -> list[Evidence]:
        """Writes the overlay video from the frames' rows and masks.

        Returns:
            Pictures of the peaks of the tracks `shown`, taken as they pass by.
        """
        rows = {frame["frame"]: frame["faces"] for frame in frames}
        peaks: dict[int, Evidence] = {}

        def faces_of(index: int, image: np.ndarray) -> list[DrawnFace]:
            faces = [_drawn_row(row, self.outputs) for row in rows[index]]
            for face, row in zip(faces, rows[index], strict=True):
                for track in shown:
                    if (track.id, track.peak_frame) == (face.track, index):
                        peaks[track.id] = self._peak(image, face, row, track, info)
            return faces

        target = self.outputs.target("overlays", f"{item.name}.mp4")
        write_overlay_video(item.path, target, info.fps, sorted(rows), faces_of)
        return [peaks[track.id] for track in shown if track.id in peaks]

    def _peak(
        self,
        image: np.ndarray,
        face: DrawnFace,
        row: dict[str, Any],
        track: Track,
        info: VideoInfo,
    ) -> Evidence:
        """The pictures of a track at its peak, under the track's own score."""
        title = f"Track {track.id}, at its highest score"
        mean = track.mean_probability
        frames = "1 scored frame" if track.frames == 1 else f"{track.frames} frames"
        return replace(
            evidence_of(image, face, row, title),
            probability=mean,
            verdict=self.detector.verdict(mean),
            note=f"mean over {frames}; {track.peak_probability:.3f} in this one, "
            f"frame {track.peak_frame} at {track.peak_frame / info.fps:.2f} s",
        )


def _video_row(
    info: VideoInfo, frames: list[dict[str, Any]], wanted: int
) -> dict[str, Any]:
    """What is known of a video whatever was found in it."""
    row: dict[str, Any] = {"status": "ok", "width": info.width, "height": info.height}
    row |= {"fps": info.fps, "frames_in_file": info.frames}
    row |= {"frames_scored": len(frames), "tracks": [], "frames": frames}
    if len(frames) < wanted:
        row["note"] = f"damaged: {len(frames)} of {wanted} sampled frames decoded"
    return row


def _drawn_row(row: dict[str, Any], outputs: Outputs) -> DrawnFace:
    """The drawable part of a face's row."""
    left, top, right, bottom = row["box"]
    return DrawnFace(
        box=FaceBox(left, top, right, bottom, row["face_score"]),
        crop_box=CropBox(*row["crop_box"]),
        probability=row["probability"],
        verdict=row["verdict"],
        localization=outputs.read_mask(row["mask"]),
        track=row["track"],
    )
