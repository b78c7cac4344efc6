"""Reads the mask of each frame from a picture, a video, or a folder of PNGs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import read_image
from fakeloc_tf.media.video import VIDEO_SUFFIXES, probe, read_frames
from pipelines.masks import same_aspect

# A mask video may have a few frames more or less than its video; beyond this share it
# belongs to another cut.
LENGTH_TOLERANCE = 0.05

_log = logging.getLogger(__name__)


class UnusableMaskError(Exception):
    """A mask file that does not fit its video; `reason` is the word for the list."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MaskFrames:
    """The masks of one video, asked for in order of frames."""

    def __init__(
        self, path: Path, wanted: Sequence[int], frames: int, size: tuple[int, int]
    ) -> None:
        """Opens the masks and checks that they fit.

        Args:
            path: picture, video, or folder of PNGs named by frame number.
            wanted: frames that will be asked for.
            frames: number of frames of the masked video; 1 for a picture.
            size: (height, width) of its frames.

        Raises:
            UnusableMaskError: the masks are unreadable, or of other length or shape.
        """
        self._size = size
        try:
            found = _open(path, wanted, frames)
            self._next = next(found, None)
        except FakelocError as error:
            _log.warning("%s", error)
            raise UnusableMaskError("mask_unreadable") from error
        if self._next is None:
            raise UnusableMaskError("mask_missing")
        mask_size = frame_size(self._next[1])
        if not same_aspect(mask_size, size):
            _log.warning("%s has %s pixels, its video %s", path, mask_size, size)
            raise UnusableMaskError("mask_size_mismatch")
        if mask_size != size:
            _log.warning("%s is resized from %s to %s", path, mask_size, size)
        self._rest = found

    def at(self, frame: int) -> np.ndarray | None:
        """uint8 [H, W, 3] mask picture of a frame, or None if there is none."""
        while self._next is not None and self._next[0] < frame:
            self._next = next(self._rest, None)
        if self._next is None or self._next[0] != frame:
            return None
        mask = self._next[1]
        if mask.shape[:2] != self._size:
            height, width = self._size
            mask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
        return mask


def frame_size(image: np.ndarray) -> tuple[int, int]:
    """(height, width)."""
    return image.shape[0], image.shape[1]


def _open(
    path: Path, wanted: Sequence[int], frames: int
) -> Iterator[tuple[int, np.ndarray]]:
    """(frame, uint8 [H, W, 3]) in order."""
    if path.is_dir():
        numbered = {int(p.stem): p for p in path.glob("*.png") if p.stem.isdigit()}
        return ((n, read_image(numbered[n])) for n in wanted if n in numbered)
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        return iter([(0, read_image(path))])
    found = probe(path).frames
    if abs(found - frames) > max(2, LENGTH_TOLERANCE * frames):
        _log.warning("%s has %d frames, its video %d", path, found, frames)
        raise UnusableMaskError("mask_length_mismatch")
    return read_frames(path, wanted)
