"""The body of a request → a file on the disk; no byte of it is kept in memory.

Nothing that a client says becomes a path: of its file's name only the suffix is used,
and only where it is one of those that are known.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from fakeloc_tf.inference.inputs import valid_text
from fakeloc_tf.web.limits import FORM_BYTES, SUFFIXES, Limits
from fakeloc_tf.web.service.problems import Problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FORM = "multipart/form-data"
FIELD = "file"
# For a file that is sent as the body, without a name.
TYPES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/heic": ".heic",
    "image/tiff": ".tiff",
    "image/bmp": ".bmp",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
}
MAX_NAME = 200
# Of a line above a part of a form, which is held in memory.
_MAX_LINE = 8192


@dataclass(frozen=True)
class Upload:
    """A file that a client sent.

    Attributes:
        path: where it is.
        name: how the client calls it; never made a path.
        bytes: of the file.
    """

    path: Path
    name: str
    bytes: int


class _File:
    """Takes the bytes of the file, whatever they are wrapped in."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._file: BinaryIO | None = None
        self.name = ""
        self.bytes = 0

    @property
    def open(self) -> bool:
        return self._file is not None

    def start(self, name: str) -> None:
        """Begins with the file's name."""
        self.name = client_name(name)
        self.path = self._folder / f"upload{known_suffix(self.name)}"
        self._file = self.path.open("wb")

    def write(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.bytes > self._limits.max_bytes:
            raise too_large(self._limits)
        if self._file is not None:
            self._file.write(data)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


async def receive(
    chunks: AsyncIterator[bytes],
    content_type: str,
    name: str | None,
    folder: Path,
    limits: Limits,
) -> Upload:
    """Writes the file of a request into `folder`.

    Args:
        chunks: the body.
        content_type: of the request.
        name: of the file, for a body that is the file itself; None = by its type.
        folder: of this request alone.
        limits: of an upload.

    Raises:
        Problem: 400 malformed, 413 too large, 415 of another type.
    """
    file = _File(folder, limits)
    media_type = media_type_of(content_type)
    try:
        if media_type == FORM:
            await _receive_form(chunks, content_type, file, limits)
        else:
            file.start(name or f"upload{TYPES.get(media_type, '')}")
            async for chunk in chunks:
                file.write(chunk)
    finally:
        file.close()
    if not file.bytes:
        raise Problem(400, "The file is empty.")
    return Upload(file.path, file.name, file.bytes)


async def _receive_form(
    chunks: AsyncIterator[bytes], content_type: str, file: _File, limits: Limits
) -> None:
    """Takes the file out of a form; other fields are passed over."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    form = _Form(file)
    taken = 0
    try:
        parser = MultipartParser(boundary, form.callbacks())
        async for chunk in chunks:
            taken += len(chunk)
            if taken > limits.max_bytes + FORM_BYTES:
                raise too_large(limits)
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise Problem(400, f"The body is no {FORM} of its boundary.") from error
    if not file.open or not form.ended:
        raise Problem(400, f"The form needs one file in the field `{FIELD}`, whole.")


class _Form:
    """Callbacks of the parser: finds the first file called `FIELD`."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self._inside = False
        self._header: list[bytes] = [b"", b""]
        self._disposition = b""
        self.ended = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, at, end: self._grow(0, data[at:end]),
            "on_header_value": lambda data, at, end: self._grow(1, data[at:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._start,
            "on_part_data": self._take,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._inside, self._disposition = False, b""

    def _grow(self, part: int, data: bytes) -> None:
        self._header[part] += data
        if len(self._header[part]) > _MAX_LINE:
            raise Problem(400, "A header in the form is too long.")

    def _end_header(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = self._header[1]
        self._header = [b"", b""]

    def _start(self) -> None:
        options = parse_options_header(self._disposition)[1]
        if options.get(b"name") != FIELD.encode() or b"filename" not in options:
            return
        if self._file.open:
            raise Problem(400, f"One file a request: `{FIELD}` was there before.")
        self._inside = True
        self._file.start(options[b"filename"].decode("utf-8", "replace"))

    def _take(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._file.write(data[start:end])

    def _end(self) -> None:
        self.ended = True


def media_type_of(content_type: str) -> str:
    """`image/jpeg` of `image/jpeg; q=1`."""
    return content_type.partition(";")[0].strip().lower()


def client_name(text: str) -> str:
    """The last part of a client's path, as text that can be shown."""
    name = re.split(r"[/\\]", valid_text(text))[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", name)[-MAX_NAME:] or "upload"


def known_suffix(name: str) -> str:
    """The suffix of `name` in small letters.

    Raises:
        Problem: 415, it is of no picture or video that can be read.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise Problem(
            415,
            "The file's name or type is of neither a picture nor a video that can be "
            f"read; its name may end with {', '.join(SUFFIXES)}.",
        )
    return suffix


def too_large(limits: Limits) -> Problem:
    """413."""
    return Problem(
        413, f"At most {limits.max_mb:g} MB are taken here; shorten the video."
    )
