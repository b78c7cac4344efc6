"""Opens videos of strangers: known formats, one file, frames of bounded size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import av.error
import av.logging
from av.stream import Disposition

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.regular import regular_size

# 8K is 33 million. One frame of this size takes 100 MB as YUV and 200 MB as RGB, and a
# decoder may hold 16 of them.
MAX_FRAME_PIXELS = 67_108_864
# FFmpeg's demuxers of MP4 and its kin, Matroska, AVI and Windows Media. The list keeps
# out those that open other files (hls, concat, dash, image2 ...) and those that know
# their streams only after decoding (MPEG-TS, FLV): no limit of the size of a frame
# reaches the decoders by which FFmpeg gets to know these.
DEMUXERS = ("mov", "matroska", "avi", "asf")
KNOWN_FORMATS = "MP4, MOV, 3GP, Matroska, WebM, AVI and Windows Media"
# What can be done about a video that cannot be read.
CONVERT = "copy it again, or convert it to MP4 with another program"
# Without an answer of the disk, or with a demuxer that goes round in circles.
TIMEOUT_SECONDS = 60.0

# Every fault that matters comes back as an exception with the file's name; FFmpeg's
# own lines on stderr have none.
av.logging.set_level(av.logging.PANIC)


@contextmanager
def open_container(
    path: str | os.PathLike[str], max_pixels: int = MAX_FRAME_PIXELS
) -> Iterator[av.container.InputContainer]:
    """An opened MP4, MOV, Matroska, WebM, AVI or Windows Media file, by its content.

    Args:
        path: a regular file.
        max_pixels: of one frame; decoders refuse larger ones before they allocate.

    Raises:
        FakelocError: it is missing, empty, not regular, or of no such format.
    """
    path = Path(path)
    if not regular_size(path):
        raise FakelocError(f"{path} is empty (0 bytes): copy it again")
    options = {
        # A playlist named .mp4 opens nothing on a network.
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(DEMUXERS),
        # Reaches the decoders that find out what the streams are.
        "max_pixels": str(max_pixels),
    }
    try:
        # `file:` keeps a colon in a name from being taken for a protocol.
        container = av.open(f"file:{path}", options=options, timeout=TIMEOUT_SECONDS)
    # ValueError: among others, text in the metadata that is no UTF-8.
    except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
        word = reason(error)
        if "not on whitelist" in word:
            word = f"it is none of {KNOWN_FORMATS}"
        elif isinstance(error, av.error.InvalidDataError):
            word = f"the file is damaged, cut off or no video: {word}"
        raise FakelocError(
            f"{path} cannot be read as a video: {word}; {CONVERT}"
        ) from error
    with container:
        for stream in container.streams.video:
            if stream.codec_context is not None:
                stream.codec_context.options = {"max_pixels": str(max_pixels)}
        yield container


def moving_pictures(
    container: av.container.InputContainer, source: str
) -> av.VideoStream:
    """The first video stream that is no cover picture.

    Raises:
        FakelocError: there is none, or no decoder for it; names `source`.
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise FakelocError(
                    f"{source}: there is no decoder for its video; {CONVERT}"
                )
            return stream
    raise FakelocError(f"{source} has no video stream: name a picture or a video")


def reason(error: BaseException) -> str:
    """FFmpeg's word on a fault, without its numbers and file names."""
    log = getattr(error, "log", None)
    word = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{word} ({log[2].strip()})" if log else word
