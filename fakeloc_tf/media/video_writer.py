"""Writes H.264 videos (PyAV); import `write_video` from `media.video`."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.sound import Sound
from fakeloc_tf.media.timing import TimedFrame

# For videos to look at, where time matters more than size: three times the frames a
# second of x264's "medium" for 1.6 times the bytes.
FAST_PRESET = "superfast"
# Ticks of timed frames: common rates are whole numbers of them.
_CLOCK = Fraction(1, 90000)


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray | TimedFrame],
    fps: float,
    crf: int = 23,
    audio_from: Path | None = None,
    preset: str = "medium",
) -> None:
    """Writes H.264 (yuv420p, MP4): whole, or not at all; the same bytes each time.

    Args:
        path: where to; its parents are made.
        frames: uint8 [H, W, 3] RGB, all of one size. yuv420p needs even sides: an odd
            side grows by one pixel, a copy of the last row or column. Timed frames are
            shown at their times; their indices are not looked at.
        fps: frame rate; of timed frames, the mean one.
        crf: x264's constant rate factor, 0 (lossless) to 51.
        audio_from: a file whose sound is added, cut to the length of the frames. Where
            it has none that can be read, there is none, and a warning is logged.
        preset: x264's; a faster one makes a larger file. See `FAST_PRESET`.

    Raises:
        FakelocError: there are no frames, or `path` cannot be written.
    """
    path = Path(path)
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise FakelocError(f"{path}: no frames to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        prefix=f".{path.stem}.", suffix=".mp4", dir=path.parent
    )
    os.close(handle)
    rate = Fraction(fps).limit_denominator(65535)
    try:
        with av.open(temporary, "w", options={"fflags": "+bitexact"}) as out:
            everything = itertools.chain([first], rest)
            _encode(out, everything, rate, crf, audio_from, preset)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except av.error.FFmpegError as error:
        raise FakelocError(f"{path} cannot be written: {error}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _encode(
    out: av.container.OutputContainer,
    frames: Iterable[np.ndarray | TimedFrame],
    rate: Fraction,
    crf: int,
    audio_from: Path | None,
    preset: str,
) -> None:
    """Encodes `frames` into an opened MP4, sound interleaved."""
    # One thread: x264's result depends on the number of threads.
    options = {"crf": str(crf), "preset": preset, "threads": "1"}
    video = out.add_stream("libx264", rate=rate, options=options)
    video.pix_fmt = "yuv420p"
    video.codec_context.thread_count = 1
    sound = Sound(audio_from, out) if audio_from else None
    pts = -1
    for index, item in enumerate(frames):
        timed = item if isinstance(item, TimedFrame) else None
        even = _even_sided(_pixels(item))
        if index == 0:
            video.height, video.width = even.shape[:2]
            if timed:
                video.codec_context.time_base = _CLOCK
        elif even.shape[:2] != (video.height, video.width):
            raise ValueError(
                f"frames must have one size. Received: {even.shape} at {index}"
            )
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        seconds = timed.seconds if timed else float(index / rate)
        if timed:
            # Two frames at one time cannot be told apart by a player.
            pts = max(pts + 1, round(seconds / _CLOCK))
            frame.pts, frame.time_base = pts, _CLOCK
        out.mux(video.encode(frame))
        if sound:
            sound.copy_until(seconds + float(1 / rate))
    out.mux(video.encode())
    if sound:
        sound.close()


def _pixels(item: np.ndarray | TimedFrame) -> np.ndarray:
    return item.image_uint8 if isinstance(item, TimedFrame) else item


def _even_sided(image_uint8: np.ndarray) -> np.ndarray:
    """[H, W, 3] with the last row and column repeated where a side is odd."""
    height, width = image_uint8.shape[:2]
    if height % 2 or width % 2:
        image_uint8 = np.pad(
            image_uint8, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"
        )
    return np.ascontiguousarray(image_uint8)
