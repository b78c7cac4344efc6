"""One file → its facts and the crops of its faces; runs in worker processes.

Nothing here needs the model, so that a worker starts in a moment and a file that breaks
a decoder takes nothing with it.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.inference.following import FaceFollower, large_enough
from fakeloc_tf.inference.identity import changed, file_identity, hash_video
from fakeloc_tf.inference.notes import noted
from fakeloc_tf.inference.quality import Compression, QualityWarning, face_warnings
from fakeloc_tf.inference.settings import MIN_FACE_SIDE, Settings
from fakeloc_tf.media.boxes import CropBox, FaceBox, crop, crop_box
from fakeloc_tf.media.compression import jpeg_quality
from fakeloc_tf.media.faces import DlibDetector, FaceDetector
from fakeloc_tf.media.images import decode_image
from fakeloc_tf.media.regular import read_regular
from fakeloc_tf.media.video import VideoInfo, probe, read_timed_frames


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file before its faces.

    Attributes:
        row: a part of its row in `results.jsonl`.
        frames: how many will be looked at; 0 = this message does not say.
    """

    row: dict[str, Any]
    frames: int = 0


@dataclass(frozen=True)
class FoundFace:
    """A face before it is scored.

    Attributes:
        crop_uint8: uint8 [C, C, 3] RGB, the crop of `crop_box`.
        warnings: of its quality.
        track: stable id in a video; None in a picture.
    """

    box: FaceBox
    crop_box: CropBox
    crop_uint8: np.ndarray
    warnings: tuple[QualityWarning, ...]
    track: int | None = None


@dataclass(frozen=True)
class FoundFrame:
    """The faces of a picture or of one sampled frame.

    Attributes:
        index: 0 = first frame of the video.
        time: seconds from the start.
        too_small: faces that are left out for their size.
    """

    index: int
    time: float
    faces: tuple[FoundFace, ...]
    too_small: int


Found = FileFacts | FoundFrame


def find_job(tell: Callable[[Found], None], *arguments: Any) -> None:
    """`find_faces` for `workers.Workers`."""
    for found in find_faces(*arguments):
        tell(found)


def find_faces(path: Path, kind: str, settings: Settings) -> Iterator[Found]:
    """Looks at one file.

    Args:
        path: of the file.
        kind: `image`, `video` or `unknown`.
        settings: of the call.

    Yields:
        Some `FileFacts`, then a `FoundFrame` for the picture or each sampled frame.

    Raises:
        FakelocError: the file cannot be read, or changed meanwhile.
    """
    before = file_identity(path)
    yield FileFacts({"bytes": before[0], "modified_ns": before[1]})
    # One read of a picture: the hash is that of the pixels that are looked at.
    data = read_regular(path) if kind == "image" else b""
    hashes = iter([hashlib.sha256(data).hexdigest()]) if data else hash_video(path)
    for text in hashes:
        yield FileFacts({"sha256": text} if text else {})
    if kind == "unknown":
        reason = _unknown_suffix(path)
        yield FileFacts({"status": "unsupported", "reason": reason})
        return
    with noted() as notes:
        if kind == "image":
            yield from _find_in_image(path, data, settings)
        else:
            yield from _find_in_video(path, settings)
    if notes:
        yield FileFacts({"notes": notes})
    if file_identity(path) != before:
        raise changed(path)


def _unknown_suffix(path: Path) -> str:
    """Why a file is not looked at."""
    if not path.suffix:
        return "its name has no suffix, such as .jpg or .mp4"
    return f"{path.suffix} is not the suffix of a picture or a video that can be read"


def sampled_indices(info: VideoInfo, settings: Settings) -> list[int]:
    """Frames to score, evenly over what is looked at of the video.

    Args:
        info: of the video.
        settings: `fps` and `max_seconds`.
    """
    frames = max(1, min(info.frames, math.ceil(settings.max_seconds * info.fps)))
    if settings.fps is None or settings.fps >= info.fps:
        return list(range(frames))
    step = info.fps / settings.fps
    return [min(int(i * step), frames - 1) for i in range(math.ceil(frames / step))]


def cut_faces(
    image_uint8: np.ndarray,
    boxes: Sequence[FaceBox],
    margin: float,
    crop_size: int,
    compression: Compression,
    tracks: Sequence[int] | None = None,
) -> tuple[FoundFace, ...]:
    """Cuts faces out as the training records were, and looks at their quality.

    Args:
        image_uint8: uint8 [H, W, 3] RGB.
        boxes: of the faces.
        margin: factor on the face box.
        crop_size: side of the crops.
        compression: of the file.
        tracks: id of each face, in a video.
    """
    faces = []
    for number, box in enumerate(boxes):
        square = crop_box(box, margin, *image_uint8.shape[:2])
        faces.append(
            FoundFace(
                box=box,
                crop_box=square,
                crop_uint8=crop(image_uint8, square, crop_size),
                warnings=tuple(face_warnings(image_uint8, box, square, compression)),
                track=None if tracks is None else tracks[number],
            )
        )
    return tuple(faces)


def make_face_detector(face_side: int) -> FaceDetector:
    """dlib's detector for looking closely.

    Args:
        face_side: a frame's longer side is shrunk to this, and grown to at most this
            where nothing was found.
    """
    return DlibDetector(max_side=face_side, second_side=face_side)


@functools.lru_cache(maxsize=1)
def loaded_face_detector(face_side: int) -> FaceDetector:
    """`make_face_detector`, once a process: dlib takes 0.3 s to load its filters.

    Not for several threads: dlib's detector holds the picture that it looks at.
    """
    return make_face_detector(face_side)


def _find_in_image(path: Path, data: bytes, settings: Settings) -> Iterator[Found]:
    image = decode_image(data, str(path))
    quality, (height, width) = jpeg_quality(data), image.shape[:2]
    facts = {"width": width, "height": height}
    yield FileFacts(facts | ({} if quality is None else {"jpeg_quality": quality}), 1)
    if min(height, width) < MIN_FACE_SIDE:
        yield FoundFrame(0, 0.0, (), 1)
        return
    found = loaded_face_detector(settings.face_side).detect(image)
    boxes = large_enough(found, MIN_FACE_SIDE)
    compression = Compression(jpeg_quality=quality)
    cut = cut_faces(image, boxes, settings.margin, settings.crop_size, compression)
    yield FoundFrame(0, 0.0, cut, len(found) - len(boxes))


def _find_in_video(path: Path, settings: Settings) -> Iterator[Found]:
    info = probe(path)
    indices = sampled_indices(info, settings)
    yield FileFacts(_video_row(info, settings), len(indices))
    step = indices[1] - indices[0] if len(indices) > 1 else 1
    detector = loaded_face_detector(settings.face_side)
    follower = FaceFollower(detector, step, info.fps)
    compression = Compression(bits_per_pixel=info.bits_per_pixel)
    for frame in read_timed_frames(path, indices, max_seconds=settings.max_seconds):
        image = frame.image_uint8
        boxes, tracks, small = follower.find(frame.index, image, MIN_FACE_SIDE)
        cut = cut_faces(
            image, boxes, settings.margin, settings.crop_size, compression, tracks
        )
        yield FoundFrame(frame.index, round(frame.seconds, 3), cut, small)


def _video_row(info: VideoInfo, settings: Settings) -> dict[str, Any]:
    """What is known of a video whatever is found in it."""
    row: dict[str, Any] = {
        "width": info.width,
        "height": info.height,
        "fps": info.fps,
        "frames_in_file": info.frames,
        "seconds": round(info.seconds, 3),
    }
    if info.bits_per_pixel is not None:
        row["bits_per_pixel"] = round(info.bits_per_pixel, 5)
    if info.seconds > settings.max_seconds:
        looked_at, length = settings.max_seconds / 60, info.seconds / 60
        row["notes"] = [
            f"only the first {looked_at:g} of {length:.1f} minutes were looked at; "
            "give --max-minutes for more"
        ]
    return row
