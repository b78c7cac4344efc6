"""One video: sampled frames, tracked faces, a score per frame, track and video.

The frames are streamed: at any time only those of one batch are in memory, whatever
the length of the video.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import numpy as np

from fakeloc_tf.inference.detector import Detector, FaceResult
from fakeloc_tf.inference.images import large_enough
from fakeloc_tf.media.faces import FaceBox, FaceTracker
from fakeloc_tf.media.video import VideoInfo, read_frames

# Frames that wait for a full batch of faces; bounds the memory (1080p: 6 MB each).
MAX_WAITING_FRAMES = 16
# A track seen in fewer sampled frames is likely a false box of the face detector.
MIN_TRACK_FRAMES = 3
# Between two samples a face moves by most of its width.
MIN_TRACK_IOU = 0.1
# A face that was away for longer starts a new track.
MAX_GAP_SECONDS = 1.0


@dataclass(frozen=True)
class ScoredFrame:
    """One sampled frame.

    Attributes:
        index: 0 = first frame of the video.
        image_uint8: uint8 [H, W, 3] RGB.
        faces: results, in the order of `tracks`.
        tracks: stable id of each face.
        too_small: faces that were found and left out for their size.
    """

    index: int
    image_uint8: np.ndarray
    faces: list[FaceResult]
    tracks: list[int]
    too_small: int


@dataclass(frozen=True)
class Track:
    """One person through the video.

    Attributes:
        id: counts from 0 in the order of appearance.
        frames: sampled frames with this face.
        first, last: index of the first and last of them.
        mean_probability: mean over these frames; the track's score.
        peak_probability: highest of a frame.
        peak_frame: where that is.
    """

    id: int
    frames: int
    first: int
    last: int
    mean_probability: float
    peak_probability: float
    peak_frame: int


def sampled_indices(info: VideoInfo, fps: float | None) -> list[int]:
    """Frames to score, evenly over the video.

    Args:
        info: of the video.
        fps: frames a second to score; None = every frame.
    """
    if fps is None or fps >= info.fps:
        return list(range(info.frames))
    step = info.fps / fps
    count = int(np.ceil(info.frames / step))
    return [min(int(i * step), info.frames - 1) for i in range(count)]


def score_video(
    detector: Detector, path: Path, info: VideoInfo, indices: Sequence[int]
) -> Iterator[ScoredFrame]:
    """Scores the faces of the frames `indices`, in order.

    Faces are batched across frames. A track may miss `MAX_GAP_SECONDS`, but at least
    one sampled frame.

    Raises:
        FakelocError: the video cannot be read.
    """
    step = indices[1] - indices[0] if len(indices) > 1 else 1
    max_gap = max(2 * (step + 1), round(MAX_GAP_SECONDS * info.fps))
    tracker = FaceTracker(min_iou=MIN_TRACK_IOU, max_gap=max_gap)
    waiting = _Waiting()
    for index, image in read_frames(path, indices):
        found = detector.find_faces(image)
        boxes = large_enough(found)
        tracks = tracker.update(index, boxes)
        waiting.add(index, image, boxes, tracks, len(found) - len(boxes))
        if waiting.faces >= detector.batch_size or waiting.frames >= MAX_WAITING_FRAMES:
            yield from waiting.flush(detector)
    yield from waiting.flush(detector)


@dataclass
class _Waiting:
    """Frames whose faces are not scored yet."""

    items: list[tuple[int, np.ndarray, list[FaceBox], list[int], int]] = field(
        default_factory=list
    )
    faces: int = 0

    @property
    def frames(self) -> int:
        return len(self.items)

    def add(
        self,
        index: int,
        image: np.ndarray,
        boxes: list[FaceBox],
        tracks: list[int],
        too_small: int,
    ) -> None:
        self.items.append((index, image, boxes, tracks, too_small))
        self.faces += len(boxes)

    def flush(self, detector: Detector) -> Iterator[ScoredFrame]:
        images = [item[1] for item in self.items]
        results = detector.score_boxes(images, [item[2] for item in self.items])
        for (index, image, _, tracks, small), faces in zip(
            self.items, results, strict=True
        ):
            yield ScoredFrame(index, image, faces, tracks, small)
        self.items, self.faces = [], 0


class TrackSummaries:
    """Collects the scores of each track while the frames pass by."""

    def __init__(self) -> None:
        self._points: dict[int, list[tuple[int, float]]] = defaultdict(list)

    def add(self, frame: ScoredFrame) -> None:
        """Takes the scores of one frame in."""
        for track, face in zip(frame.tracks, frame.faces, strict=True):
            self._points[track].append((frame.index, face.probability))

    def points(self) -> dict[int, list[tuple[int, float]]]:
        """(frame, probability) of every track."""
        return dict(self._points)

    def tracks(self) -> list[Track]:
        """A summary of every track, by id."""
        return [_summary(track, self._points[track]) for track in sorted(self._points)]


def _summary(track: int, points: list[tuple[int, float]]) -> Track:
    """The track with these (frame, probability)."""
    peak_frame, peak = max(points, key=lambda point: point[1])
    return Track(
        id=track,
        frames=len(points),
        first=points[0][0],
        last=points[-1][0],
        mean_probability=fmean(probability for _, probability in points),
        peak_probability=peak,
        peak_frame=peak_frame,
    )


def ranked_tracks(tracks: Sequence[Track]) -> list[Track]:
    """The highest mean first; tracks of fewer than `MIN_TRACK_FRAMES` frames last."""
    return sorted(
        tracks,
        key=lambda t: (t.frames >= MIN_TRACK_FRAMES, t.mean_probability),
        reverse=True,
    )


def video_probability(tracks: Sequence[Track]) -> float | None:
    """The video's score: that of the first of `ranked_tracks`; None without tracks.

    One manipulated person makes a manipulated video, hence the highest mean and not
    the mean of all; a track that is likely a false box counts only where there is no
    other.
    """
    ranked = ranked_tracks(tracks)
    return ranked[0].mean_probability if ranked else None
