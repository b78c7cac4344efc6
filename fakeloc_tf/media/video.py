"""Videos: probe, read frames, write H.264 (PyAV)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.logging
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video_writer import write_video

__all__ = ["VIDEO_SUFFIXES", "VideoInfo", "probe", "read_frames", "write_video"]

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"})

# Share of the frames that a duration promises below which a file is called short.
DURATION_TOLERANCE = 0.95

_log = logging.getLogger(__name__)
# Every fault that matters comes back as an exception with the file's name; FFmpeg's
# own lines on stderr have none.
av.logging.set_level(av.logging.PANIC)


@dataclass(frozen=True)
class VideoInfo:
    """What `probe` says of a video.

    Attributes:
        frames: number of frames in the file, counted.
        fps: mean frame rate; 25.0 where the file does not say.
        width: in pixels, as shown (after rotation).
        height: in pixels, as shown (after rotation).
    """

    frames: int
    fps: float
    width: int
    height: int


def probe(path: str | os.PathLike[str]) -> VideoInfo:
    """Counts the frames of a video and reads its rate and size.

    The frames are counted from the packets, without decoding: headers of truncated
    and of some Matroska files do not tell the truth.

    Raises:
        FakelocError: the file is missing, empty or no video; names it.
    """
    _, first = next(read_frames(path, [0]))
    with _open(path) as container:
        stream = container.streams.video[0]
        frames = 0
        try:
            for packet in container.demux(stream):
                frames += packet.size > 0
        except av.error.FFmpegError:
            _log.warning("%s is damaged after frame %d", path, frames)
        _warn_if_short(container, str(path), frames)
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    height, width = first.shape[:2]
    return VideoInfo(frames, float(rate), width, height)


def read_frames(
    path: str | os.PathLike[str], indices: Sequence[int] | None = None
) -> Iterator[tuple[int, np.ndarray]]:
    """Decodes frames in order, turned as the rotation metadata says.

    Args:
        path: a video.
        indices: which frames (0 = first, in the order they are shown); None = all.

    Yields:
        (index, uint8 [H, W, 3] RGB). A file that breaks off yields what it has, and
        a warning is logged.

    Raises:
        FakelocError: not one frame can be decoded; names the file.
    """
    if indices is not None and min(indices, default=0) < 0:
        raise ValueError(f"`indices` must be >= 0. Received: {min(indices)}")
    wanted = None if indices is None else set(indices)
    last = None if wanted is None else max(wanted, default=-1)
    decoded = 0
    with _open(path) as container:
        for index, frame in enumerate(_decode(container, str(path))):
            if wanted is None or index in wanted:
                yield index, _upright_rgb(frame)
            decoded = index + 1
            if index == last:
                return
        if decoded:
            _warn_if_short(container, str(path), decoded)
    if not decoded:
        raise FakelocError(f"{path}: no frame can be decoded; the file is damaged")


@contextmanager
def _open(
    path: str | os.PathLike[str],
) -> Iterator[av.container.InputContainer]:
    """An opened file with at least one video stream."""
    path = Path(path)
    if path.is_file() and not path.stat().st_size:
        raise FakelocError(f"{path} is empty (0 bytes)")
    try:
        # `file:` keeps a colon in a name from being taken for a protocol, and the
        # whitelist keeps a playlist named .mp4 from opening anything on a network.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except (av.error.FFmpegError, OSError) as error:
        raise FakelocError(
            f"{path} cannot be read as a video: {_reason(error)}"
        ) from error
    with container:
        if not container.streams.video:
            raise FakelocError(f"{path} has no video stream")
        yield container


def _reason(error: Exception) -> str:
    """FFmpeg's word on a fault, without its numbers and file names."""
    log = getattr(error, "log", None)
    reason = getattr(error, "strerror", None) or str(error)
    return f"{reason} ({log[2].strip()})" if log else reason


def _warn_if_short(
    container: av.container.InputContainer, source: str, frames: int
) -> None:
    """Logs that a file has fewer frames than its header promises."""
    stream = container.streams.video[0]
    promised = stream.frames
    if not promised and container.duration and stream.average_rate:
        # Matroska has no count; a rate that varies makes this one an estimate.
        seconds = container.duration / av.time_base
        promised = int(DURATION_TOLERANCE * seconds * float(stream.average_rate))
    if frames < promised:
        _log.warning("%s breaks off: %d of %d frames", source, frames, promised)


def _decode(
    container: av.container.InputContainer, source: str
) -> Iterator[av.VideoFrame]:
    """Frames until the end or the first fault, which is logged."""
    stream = container.streams.video[0]
    # One thread: with frame threads, closing a half-read file can hang for ever
    # (seen with PyAV 18); several files are read at once instead.
    stream.codec_context.thread_count = 1
    frames = container.decode(stream)
    while True:
        try:
            frame = next(frames, None)
        except av.error.FFmpegError as error:
            _log.warning("%s is damaged: %s", source, _reason(error))
            return
        if frame is None:
            return
        yield frame


def _upright_rgb(frame: av.VideoFrame) -> np.ndarray:
    """uint8 [H, W, 3] of a decoded frame, as a player shows it."""
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
