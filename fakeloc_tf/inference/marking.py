"""A file's row → its overlay and the report's pictures; runs in worker processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.inference.evidence import write_evidence
from fakeloc_tf.inference.identity import changed, file_identity
from fakeloc_tf.inference.notes import noted
from fakeloc_tf.inference.outputs import read_mask
from fakeloc_tf.inference.overlay import DrawnFace, draw, shrink
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.media.boxes import CropBox, FaceBox
from fakeloc_tf.media.images import read_image, write_png
from fakeloc_tf.media.video import TimedFrame, read_timed_frames, write_video
from fakeloc_tf.media.video_writer import FAST_PRESET

# How often the parent hears how far a video is.
PROGRESS_SECONDS = 0.5
# Encoding 1080p takes twice the time of scoring it, to look at a box.
MAX_VIDEO_SIDE = 1280


@dataclass(frozen=True)
class Shown:
    """A face that the report shows.

    Attributes:
        name: of its pictures.
        frame: of the video; 0 for a picture.
        face: number among the faces of that frame.
    """

    name: str
    frame: int
    face: int


@dataclass(frozen=True)
class Marked:
    """How far the drawing is.

    Attributes:
        share: of the frames, 0..1; 1 with the last message.
        evidence: name → paths of its pictures; complete with the last message.
        notes: what is missing from the overlay, for people.
    """

    share: float
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def mark_job(
    tell: Callable[[Marked], None],
    path: Path,
    folder: Path,
    row: dict[str, Any],
    shown: list[Shown],
    settings: Settings,
) -> None:
    """Draws what was found into a copy of the file (for `workers.Workers`).

    Args:
        tell: gets the progress.
        path: of the file.
        folder: of the results; the masks are in it.
        row: of the file; its `overlay` says where to draw.
        shown: faces of which pictures are wanted.
        settings: of the call.

    Raises:
        FakelocError: the file cannot be read any more.
    """
    _check_is_same(path, row)
    pictures = _Pictures(folder, shown, settings)
    target = folder / row["overlay"]
    with noted() as notes:
        if row["kind"] == "image":
            image = read_image(path)
            write_png(target, draw(image, pictures.faces(0, image, row["faces"])))
        else:
            frames = _overlay_frames(tell, path, row, pictures, settings.max_seconds)
            write_video(target, frames, row["fps"], audio_from=path, preset=FAST_PRESET)
    # The faces of one file are never drawn into another that took its name.
    _check_is_same(path, row)
    tell(Marked(1.0, pictures.evidence, notes))


def _check_is_same(path: Path, row: dict[str, Any]) -> None:
    """Refuses a file that was replaced since its faces were found."""
    if file_identity(path)[:2] != (row["bytes"], row["modified_ns"]):
        raise changed(path)


class _Pictures:
    """Turns rows into faces to draw; writes those that the report shows."""

    def __init__(self, folder: Path, shown: list[Shown], settings: Settings) -> None:
        self._folder = folder
        self._shown = shown
        self._settings = settings
        self.evidence: dict[str, dict[str, str]] = {}

    def faces(
        self, index: int, image: np.ndarray, rows: list[dict[str, Any]]
    ) -> list[DrawnFace]:
        """The faces of one frame."""
        faces = [_drawn(row, self._folder) for row in rows]
        for shown in self._shown:
            if shown.frame == index:
                self.evidence[shown.name] = write_evidence(
                    self._folder,
                    shown.name,
                    image,
                    faces[shown.face],
                    crop_size=self._settings.crop_size,
                )
        return faces


def _overlay_frames(
    tell: Callable[[Marked], None],
    path: Path,
    row: dict[str, Any],
    pictures: _Pictures,
    max_seconds: float,
) -> Iterator[TimedFrame]:
    """Every frame, marked; one between two scored ones shows the faces of the first."""
    scored = {frame["frame"]: frame["faces"] for frame in row["frames"]}
    told = time.monotonic()
    faces: list[DrawnFace] = []
    for frame in read_timed_frames(path, max_seconds=max_seconds):
        index, image = frame.index, frame.image_uint8
        if index in scored:
            faces = pictures.faces(index, image, scored[index])
        yield replace(frame, image_uint8=shrink(draw(image, faces), MAX_VIDEO_SIDE))
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            tell(Marked(min(0.99, index / max(1, row["frames_in_file"]))))


def _drawn(row: dict[str, Any], folder: Path) -> DrawnFace:
    """The drawable part of a face's row."""
    left, top, right, bottom = row["box"]
    return DrawnFace(
        box=FaceBox(left, top, right, bottom, row["face_score"]),
        crop_box=CropBox(*row["crop_box"]),
        probability=row["probability"],
        verdict=row["verdict"],
        localization=read_mask(folder, row["mask"]),
        track=row.get("track"),
    )
