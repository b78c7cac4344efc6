"""Videos: probe, read frames, write H.264 (PyAV)."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import av
import av.error
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.container import (
    CONVERT,
    MAX_FRAME_PIXELS,
    moving_pictures,
    open_container,
    reason,
)
from fakeloc_tf.media.timing import FrameClock, PacketCount, TimedFrame, rate_of
from fakeloc_tf.media.video_writer import FAST_PRESET, write_video

__all__ = [
    "FAST_PRESET",
    "VIDEO_SUFFIXES",
    "TimedFrame",
    "VideoInfo",
    "probe",
    "read_frames",
    "read_timed_frames",
    "write_video",
]

VIDEO_SUFFIXES = frozenset(".mp4 .mov .avi .mkv .webm .m4v .3gp .3g2 .wmv .asf".split())

# Share of the promised duration below which a file is called short.
DURATION_TOLERANCE = 0.95
# Nine hours at 60 frames a second. Files that are made to hold a reader up promise
# thousands of millions.
MAX_FRAMES = 2_000_000

_log = logging.getLogger(__name__)
# What PyAV raises for the bytes of strangers, beside its own errors.
_FAULTS = (av.error.FFmpegError, OSError, ValueError, ArithmeticError, MemoryError)


@dataclass(frozen=True)
class VideoInfo:
    """What `probe` says of a video.

    Attributes:
        frames: number of frames in the file, counted.
        fps: mean frame rate, by the times of the frames where the file's own is far
            from it; 25.0 where the file says nothing.
        width: in pixels, as shown (after rotation).
        height: in pixels, as shown (after rotation).
        seconds: from the first frame to the end of the last.
        bits_per_pixel: bits of the video stream for each pixel of each frame; None
            where unknown. A measure of compression.
    """

    frames: int
    fps: float
    width: int
    height: int
    seconds: float = 0.0
    bits_per_pixel: float | None = None


def probe(
    path: str | os.PathLike[str],
    max_frames: int = MAX_FRAMES,
    max_pixels: int = MAX_FRAME_PIXELS,
) -> VideoInfo:
    """Counts the frames of a video and reads its rate and size.

    The frames are counted from the packets, without decoding: headers of truncated
    and of some Matroska files do not tell the truth.

    Args:
        path: a video; by its content, not by its suffix.
        max_frames: a file with more is refused.
        max_pixels: of one frame.

    Raises:
        FakelocError: the file is missing, empty, no video or too long; names it.
    """
    with closing(read_frames(path, [0], max_pixels)) as frames:
        _, first = next(frames)
    height, width = first.shape[:2]
    with open_container(path, max_pixels) as container:
        stream = moving_pictures(container, str(path))
        count = PacketCount(path, max_frames)
        try:
            for packet in container.demux(stream):
                count.add(packet)
        except _FAULTS as error:
            if isinstance(error, FakelocError):
                raise
            _log.warning("%s is damaged after frame %d", path, count.frames)
        rate = count.rate(float(rate_of(stream)))
        _warn_if_short(container, stream, str(path), count.frames, count.seconds(rate))
    pixels = count.frames * width * height
    bits = 8 * count.bytes / pixels if pixels and count.bytes else None
    return VideoInfo(count.frames, rate, width, height, count.seconds(rate), bits)


def read_frames(
    path: str | os.PathLike[str],
    indices: Sequence[int] | None = None,
    max_pixels: int = MAX_FRAME_PIXELS,
) -> Generator[tuple[int, np.ndarray], None, None]:
    """`read_timed_frames` without the times: (index, uint8 [H, W, 3] RGB)."""
    for frame in read_timed_frames(path, indices, max_pixels):
        yield frame.index, frame.image_uint8


def read_timed_frames(
    path: str | os.PathLike[str],
    indices: Sequence[int] | None = None,
    max_pixels: int = MAX_FRAME_PIXELS,
    max_seconds: float = math.inf,
) -> Generator[TimedFrame, None, None]:
    """Decodes frames in order, turned as the rotation metadata says.

    Interlaced frames are not taken apart, and HDR is not mapped to the range of a
    usual screen: the pixels are those of the file.

    Args:
        path: a video; by its content, not by its suffix.
        indices: which frames (0 = first, in the order they are shown); None = all.
        max_pixels: of one frame; larger ones are damage.
        max_seconds: frames that are shown later do not come.

    Yields:
        Frames of the first one's size: where it changes on the way, later frames are
        resized. A file that breaks off yields what it has, and a warning is logged.

    Raises:
        FakelocError: not one frame can be decoded; names the file.
    """
    if indices is not None and min(indices, default=0) < 0:
        raise ValueError(f"`indices` must be >= 0. Received: {min(indices)}")
    wanted = None if indices is None else set(indices)
    last = None if wanted is None else max(wanted, default=-1)
    source, decoded = str(path), 0
    with open_container(path, max_pixels) as container:
        stream = moving_pictures(container, source)
        upright, clock, seconds = _Upright(source), FrameClock(stream), 0.0
        for index, frame in enumerate(_decode(container, stream, source)):
            seconds = clock.seconds(frame, index)
            if seconds > max_seconds:
                return
            if wanted is None or index in wanted:
                image = upright.rgb(frame)
                if image is None:
                    break
                yield TimedFrame(index, seconds, image)
            decoded = index + 1
            if index == last:
                return
        if decoded:
            _warn_if_short(container, stream, source, decoded, seconds)
    if not decoded:
        raise FakelocError(
            f"{path}: no frame can be decoded; the file is damaged: {CONVERT}"
        )


class _Upright:
    """Frames as arrays, all of the first one's size."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._size: tuple[int, int] | None = None

    def rgb(self, frame: av.VideoFrame) -> np.ndarray | None:
        """uint8 [H, W, 3] as a player shows it; None where it cannot be converted."""
        size = (frame.width, frame.height)
        if self._size is None:
            self._size = size
        elif size != self._size:
            _log.warning(
                "%s changes its size from %dx%d to %dx%d: resized",
                *(self._source, *self._size, *size),
            )
        width, height = self._size
        try:
            image = frame.to_ndarray(format="rgb24", width=width, height=height)
        except _FAULTS as error:
            _log.warning("%s is damaged: %s", self._source, reason(error))
            return None
        turns = round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _warn_if_short(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    source: str,
    frames: int,
    seconds: float,
) -> None:
    """Logs that a file has less than its header promises: `frames`, or `seconds`."""
    if stream.frames:
        if frames < stream.frames:
            found = f"{frames} of {stream.frames} frames"
            _log.warning("%s breaks off: %s", source, found)
    elif container.duration:
        # Matroska has no count, and its rate may be that of its clock: time counts.
        promised = container.duration / av.time_base
        # The last frame is shown for as long as the others, which is not in `seconds`.
        end = seconds * frames / max(1, frames - 1)
        if end < DURATION_TOLERANCE * promised:
            found = f"{end:.1f} of {promised:.1f} seconds"
            _log.warning("%s breaks off: %s", source, found)


def _decode(
    container: av.container.InputContainer, stream: av.VideoStream, source: str
) -> Generator[av.VideoFrame, None, None]:
    """Frames until the end or the first fault, which is logged."""
    # One thread: with frame threads, closing a half-read file can hang for ever
    # (seen with PyAV 18); several files are read at once instead.
    stream.codec_context.thread_count = 1
    try:
        frames = container.decode(stream)
        while (frame := next(frames, None)) is not None:
            yield frame
    except _FAULTS as error:
        _log.warning("%s is damaged: %s", source, reason(error))
