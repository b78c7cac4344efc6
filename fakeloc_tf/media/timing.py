"""When frames are shown, how many there are and how long they last."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from fakeloc_tf.errors import FakelocError

# Between two frames. Damage makes millions of years of it.
MAX_GAP_SECONDS = 86_400.0
# Share by which a file's own frame rate may miss that of its times.
RATE_TOLERANCE = 0.1


@dataclass(frozen=True)
class TimedFrame:
    """One frame of a video.

    Attributes:
        index: 0 = first, in the order they are shown.
        seconds: when it is shown; the first frame is at 0.
        image_uint8: uint8 [H, W, 3] RGB, as a player shows it.
    """

    index: int
    seconds: float
    image_uint8: np.ndarray


def rate_of(stream: av.VideoStream) -> Fraction:
    """Mean frames a second, > 0."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and rate > 0:
            return rate
    return Fraction(25)


class PacketCount:
    """Frames, bytes and duration of a stream, from its packets."""

    def __init__(self, path: str | os.PathLike[str], max_frames: int) -> None:
        """Starts at nothing; errors name `path`."""
        self._path, self._limit, self._packets = path, max_frames, 0
        self.frames = self.bytes = 0
        self._first, self._end = math.inf, -math.inf

    def add(self, packet: av.Packet) -> None:
        """Counts one; an empty one is no frame, but it takes time as well."""
        self._packets += 1
        if self._packets > self._limit + 1:
            raise FakelocError(
                f"{self._path} has more than {self._limit} frames: cut it into parts"
            )
        self.frames += packet.size > 0
        self.bytes += packet.size
        if packet.size and packet.pts is not None and packet.time_base:
            start = float(packet.pts * packet.time_base)
            length = float((packet.duration or 0) * packet.time_base)
            self._first = min(self._first, start)
            self._end = max(self._end, start + max(length, 0.0))

    def rate(self, promised: float) -> float:
        """Mean frames a second: what the file promises, unless its times differ.

        Browsers and screen recorders write Matroska with the rate of its clock, 1000.
        """
        measured = self.frames / self.seconds(promised) if self.frames else promised
        # One frame has no step to the next.
        wrong = abs(measured - promised) > RATE_TOLERANCE * promised
        return measured if wrong and self.frames > 1 else promised

    def seconds(self, rate: float) -> float:
        """Duration; by the frame `rate` where the packets do not tell the time."""
        seconds = self._end - self._first
        if 0 < seconds <= MAX_GAP_SECONDS * self.frames:
            return seconds
        return self.frames / rate


class FrameClock:
    """When frames are shown; made up where times are missing, run back or leap."""

    def __init__(self, stream: av.VideoStream) -> None:
        """Starts at the first frame of `stream`."""
        self._step = 1 / float(rate_of(stream))
        self._start: float | None = None
        self._last = 0.0

    def seconds(self, frame: av.VideoFrame, index: int) -> float:
        """Of the frame `index`; never before the one in front of it."""
        time = frame.time
        if time is not None:
            self._start = time if self._start is None else self._start
            time -= self._start
        if time is None or time - self._last > MAX_GAP_SECONDS:
            time = self._last + self._step if index else 0.0
        self._last = max(self._last, time)
        return self._last
