"""Sound of one video for another: copied where browsers play it, else made AAC."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import av.error

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.container import moving_pictures, open_container, reason

# What an MP4 can hold and every browser plays. Opus in MP4 is silent on older Safaris.
COPIED = frozenset({"aac", "mp3"})
# Rates that AAC knows and that are no less than those of speech.
_AAC_RATES = (16000, 22050, 24000, 32000, 44100, 48000)
# Decoders of AAC and MP3 need one or two packets from before the first sound.
_PRIMING = 0.1

_log = logging.getLogger(__name__)
_FAULTS = (av.error.FFmpegError, OSError, ValueError, ArithmeticError, MemoryError)
# (when it starts in seconds from the first frame of the video, what puts it into the
# file).
_Pieces = Iterator[tuple[float, Callable[[], None]]]


class Sound:
    """The first sound stream of a video, muxed piece by piece into an MP4.

    Sound is an addition: whatever is wrong with it is logged, and the video goes on
    without.
    """

    def __init__(self, source: Path, out: av.container.OutputContainer) -> None:
        """Opens `source` and adds a stream to `out`, if the sound can be read.

        Args:
            source: a video, or a file that has no sound or cannot be read.
            out: an MP4 whose header is not yet written.
        """
        self._source = source
        self._out = out
        self._stack = ExitStack()
        self._finish: Callable[[], None] = lambda: None
        self._pieces: _Pieces = iter(())
        self._next: tuple[float, Callable[[], None]] | None = None
        try:
            self._open()
        except (*_FAULTS, StopIteration) as error:
            self._give_up(error)

    def copy_until(self, seconds: float) -> None:
        """Muxes what starts before `seconds`, counted from the first frame."""
        try:
            while self._next is not None and self._next[0] < seconds:
                self._next[1]()
                self._next = next(self._pieces, None)
        except _FAULTS as error:
            self._give_up(error)

    def close(self) -> None:
        """Muxes what the encoder holds back, and closes the source."""
        try:
            self._finish()
        except _FAULTS as error:
            self._give_up(error)
        self._stack.close()

    def _give_up(self, error: BaseException) -> None:
        self._next = None
        self._finish = lambda: None
        _log.warning("%s: its sound is left out: %s", self._source, reason(error))

    def _open(self) -> None:
        container = self._stack.enter_context(open_container(self._source))
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise FakelocError("there is no decoder for it")
        start = _start_of_video(container, str(self._source))
        if stream.codec_context.codec.canonical_name in COPIED:
            self._pieces = self._copied(container, stream, start)
        else:
            self._pieces = self._encoded(container, stream, start)
        # The first piece adds the stream: sound that cannot be read adds none.
        self._next = next(self._pieces, None)

    def _copied(
        self,
        container: av.container.InputContainer,
        stream: av.AudioStream,
        start: float,
    ) -> _Pieces:
        """Packets as they are, on the clock of the video."""
        target: av.AudioStream | None = None
        for packet in container.demux(stream):
            if packet.pts is None or packet.dts is None or not packet.time_base:
                continue
            shift = round(start / float(packet.time_base))
            packet.pts -= shift
            packet.dts -= shift
            if packet.pts * packet.time_base < -_PRIMING and target is None:
                continue
            if target is None:
                target = self._out.add_stream_from_template(stream)
            packet.stream = target
            seconds = float(packet.pts * packet.time_base)
            yield seconds, partial(self._out.mux, packet)

    def _encoded(
        self,
        container: av.container.InputContainer,
        stream: av.AudioStream,
        start: float,
    ) -> _Pieces:
        """Frames made AAC; gaps in their times are closed."""
        rate = min(_AAC_RATES, key=lambda known: abs(known - (stream.rate or 0)))
        resampler: av.AudioResampler | None = None
        samples = 0
        for frame in container.decode(stream):
            if resampler is None:
                seconds = (frame.time or 0.0) - start
                if seconds < 0:
                    continue
                samples = round(seconds * rate)
                layout = "mono" if len(frame.layout.channels) == 1 else "stereo"
                target = self._out.add_stream("aac", rate=rate, layout=layout)
                resampler = av.AudioResampler("fltp", layout, rate, frame_size=1024)
                self._finish = partial(self._encode, target, None)
            frame.pts = None
            for part in resampler.resample(frame):
                part.pts, part.time_base = samples, Fraction(1, rate)
                yield samples / rate, partial(self._encode, target, part)
                samples += part.samples

    def _encode(self, target: av.AudioStream, frame: av.AudioFrame | None) -> None:
        self._out.mux(target.encode(frame))


def _start_of_video(container: av.container.InputContainer, source: str) -> float:
    """When the first frame is shown, in seconds on the clock of the file."""
    stream = moving_pictures(container, source)
    if stream.start_time is None or not stream.time_base:
        return 0.0
    return float(stream.start_time * stream.time_base)
