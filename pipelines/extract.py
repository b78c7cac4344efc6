"""One video or picture in; its face records, and what was rejected, out."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data.records import FaceRecord
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.boxes import CropBox, crop, crop_box, crop_mask
from fakeloc_tf.media.images import read_image
from fakeloc_tf.media.video import read_frames
from fakeloc_tf.noise import noise_uint8
from pipelines.follow import FaceFollower
from pipelines.frames import (
    faces_wanted,
    frames_in,
    is_picture,
    repeats_of_frames,
    spread_frames,
)
from pipelines.mask_files import UnusableMaskError, frame_size
from pipelines.source_masks import SourceMasks, open_masks
from pipelines.sources import Rejection, Source

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """What the extraction needs to know.

    Attributes:
        prepare: sizes, counts and thresholds.
        classes: names of the methods, index 0 = pristine.
        detect: find faces; False = every picture is a face crop already.
    """

    prepare: PrepareConfig
    classes: tuple[str, ...]
    detect: bool = True


def extract_faces(
    source: Source, settings: Settings, follower: FaceFollower
) -> Iterator[FaceRecord | Rejection]:
    """Faces, masks and noise of one source, frame by frame.

    Args:
        source: the video or picture.
        settings: how to prepare it.
        follower: finds the faces; it is told that a new video starts.

    Yields:
        A record a face, or the reason why there is none; in order of frames.
    """
    follower.start()
    try:
        total = frames_in(source)
        wanted = spread_frames(total, faces_wanted(source, settings.prepare))
        repeats = repeats_of_frames(total, source, settings.prepare)
        masks, last = None, -1
        for frame, image in _read(source, wanted):
            if last < 0:
                derive, size = settings.prepare.derive_masks, frame_size(image)
                try:
                    masks = open_masks(source, derive, wanted, total, size)
                except UnusableMaskError as error:
                    yield _reject(source, None, error.reason)
            face = _face(source, settings, follower, frame, image, masks)
            yield face
            if isinstance(face, FaceRecord):
                for number in range(1, repeats[frame] + 1):
                    yield dataclasses.replace(face, repeat=number)
            last = frame
    except FakelocError as error:
        _log.warning("%s", error)
        yield _reject(source, None, "unreadable")
        return
    yield from (_reject(source, f, "truncated") for f in wanted if f > last)


def _read(source: Source, wanted: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
    """(frame, uint8 [H, W, 3]) of a picture or video."""
    if is_picture(source):
        return iter([(0, read_image(source.path))])
    return read_frames(source.path, wanted)


def _face(
    source: Source,
    settings: Settings,
    follower: FaceFollower,
    frame: int,
    image: np.ndarray,
    masks: SourceMasks | None,
) -> FaceRecord | Rejection:
    """The record of one frame."""
    height, width = image.shape[:2]
    mask = None
    if masks is not None:
        mask = masks.at(frame, image)
        if mask is None:
            return _reject(source, frame, "mask_missing")
        if not mask.any():
            return _reject(source, frame, "mask_empty")
    box, score = CropBox(0, 0, width, height), 1.0
    if settings.detect:
        face = follower.find(image, mask)
        if face is None:
            return _reject(source, frame, "no_face")
        box = crop_box(face, settings.prepare.margin, height, width)
        score = face.score
        if masks is not None and mask is not None:
            mask = masks.on_face(mask, face)
    record = _record(source, settings, frame, image, mask, box, score)
    if mask is not None and not record.mask_uint8.any():
        return _reject(source, frame, "mask_off_face")
    return record


def _record(
    source: Source,
    settings: Settings,
    frame: int,
    image: np.ndarray,
    mask: np.ndarray | None,
    box: CropBox,
    score: float,
) -> FaceRecord:
    """Crops picture and mask, and takes the noise of the crop (Eq. 5)."""
    size = settings.prepare.crop_size
    face_uint8 = crop(image, box, size)
    mask_uint8 = np.zeros((size, size), np.uint8)
    if mask is not None:
        mask_uint8 = crop_mask(mask, box, size)
    return FaceRecord(
        image_uint8=face_uint8,
        mask_uint8=mask_uint8,
        # From the crop before any augmentation, which would change its noise.
        noise_uint8=noise_uint8(face_uint8, settings.prepare.sigma),
        mask_valid=mask is not None or source.label == 0,
        label=source.label,
        method=settings.classes.index(source.method),
        dataset=source.dataset,
        video_id=source.video_id,
        frame=frame,
        identities=source.identities,
        quality=source.quality,
        split=source.split,
        crop_box=(box.left, box.top, box.right, box.bottom),
        face_score=score,
    )


def _reject(source: Source, frame: int | None, reason: str) -> Rejection:
    """A line of the list of rejections."""
    return Rejection(source.split, source.method, source.video_id, frame, reason)
