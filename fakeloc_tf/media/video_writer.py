"""Writes H.264 videos (PyAV); import `write_video` from `media.video`."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np

from fakeloc_tf.errors import FakelocError


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    fps: float,
    crf: int = 23,
    audio_from: Path | None = None,
) -> None:
    """Writes H.264 (yuv420p, MP4): whole, or not at all; the same bytes each time.

    Args:
        path: where to; its parents are made.
        frames: uint8 [H, W, 3] RGB, all of one size. yuv420p needs even sides: an odd
            side grows by one pixel, a copy of the last row or column.
        fps: frame rate.
        crf: x264's constant rate factor, 0 (lossless) to 51.
        audio_from: a file whose sound is copied, cut to the length of the frames;
            skipped where it has none.

    Raises:
        FakelocError: there are no frames, or the sound cannot go into an MP4.
    """
    path = Path(path)
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        raise FakelocError(f"{path}: no frames to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        prefix=f".{path.stem}.", suffix=".mp4", dir=path.parent
    )
    os.close(handle)
    try:
        _encode(temporary, itertools.chain([first], frames), fps, crf, audio_from)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except av.error.FFmpegError as error:
        raise FakelocError(f"{path} cannot be written: {error}") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _encode(
    path: str,
    frames: Iterable[np.ndarray],
    fps: float,
    crf: int,
    audio_from: Path | None,
) -> None:
    """Encodes `frames` into the MP4 at `path`, sound interleaved."""
    rate = Fraction(fps).limit_denominator(65535)
    with av.open(path, "w", options={"fflags": "+bitexact"}) as out:
        # One thread: x264's result depends on the number of threads.
        options = {"crf": str(crf), "preset": "medium", "threads": "1"}
        video = out.add_stream("libx264", rate=rate, options=options)
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        audio = _AudioCopy(audio_from, out) if audio_from else None
        for index, image in enumerate(frames):
            even = _even_sided(image)
            if index == 0:
                video.height, video.width = even.shape[:2]
            elif even.shape[:2] != (video.height, video.width):
                raise ValueError(
                    f"frames must have one size. Received: {image.shape} at {index}"
                )
            frame = av.VideoFrame.from_ndarray(even, format="rgb24")
            out.mux(video.encode(frame))
            if audio:
                audio.copy_until(float((index + 1) / rate))
        out.mux(video.encode())
        if audio:
            audio.close()


class _AudioCopy:
    """Copies the first sound stream of a file, without encoding it again."""

    def __init__(self, source: Path, out: av.container.OutputContainer) -> None:
        try:
            self._container = av.open(f"file:{source}")
        except (av.error.FFmpegError, OSError) as error:
            raise FakelocError(f"{source} cannot be read: {error}") from error
        streams = self._container.streams.audio
        self._packets: Iterator[av.Packet] = iter(())
        self._next: av.Packet | None = None
        if not streams:
            return
        try:
            self._stream = out.add_stream_from_template(streams[0])
        except (av.error.FFmpegError, ValueError) as error:
            raise FakelocError(
                f"{source}: its sound cannot go into an MP4: {error}"
            ) from error
        self._packets = self._container.demux(streams[0])
        self._next = next(self._packets, None)
        self._out = out

    def copy_until(self, seconds: float) -> None:
        """Muxes the packets that start before `seconds`."""
        while (packet := self._next) is not None and packet.pts is not None:
            if float(packet.pts * packet.time_base) >= seconds:
                return
            packet.stream = self._stream
            self._out.mux(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Closes the source."""
        self._container.close()


def _even_sided(image_uint8: np.ndarray) -> np.ndarray:
    """[H, W, 3] with the last row and column repeated where a side is odd."""
    height, width = image_uint8.shape[:2]
    if height % 2 or width % 2:
        image_uint8 = np.pad(
            image_uint8, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"
        )
    return np.ascontiguousarray(image_uint8)
