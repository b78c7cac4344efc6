"""One request for detection: taken in, lined up, waited for, cleared away."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request

from fakeloc_tf.inference.inputs import InputFile, kind_of
from fakeloc_tf.inference.outputs import Row
from fakeloc_tf.web.limits import FORM_BYTES, Limits
from fakeloc_tf.web.service.answer import MasksInRow, faces_of, of_row
from fakeloc_tf.web.service.engine import Engine, EngineError, Job
from fakeloc_tf.web.service.metrics import Metrics
from fakeloc_tf.web.service.places import Places
from fakeloc_tf.web.service.problems import CLIENT_GONE, Problem
from fakeloc_tf.web.service.upload import (
    FORM,
    TYPES,
    Upload,
    media_type_of,
    receive,
    too_large,
)

log = logging.getLogger(__name__)

OCTETS = "application/octet-stream"
# What a refused client had sent already is read: where a connection is closed on unread
# bytes, the client may lose the answer.
_LINGER_BYTES, _LINGER_SECONDS = 1 << 20, 2.0


@dataclass
class Service:
    """What all requests share.

    Attributes:
        engine: looks at the files.
        limits: of one upload.
        folder: each request has a folder of its own in it.
        places: how many requests there may be.
        metrics: counts.
        stopping: whether new requests are refused.
    """

    engine: Engine
    limits: Limits
    folder: Path
    places: Places
    metrics: Metrics
    stopping: bool = False

    def reasons(self) -> list[str]:
        """Why no request is taken now; empty = they are."""
        said = {
            "the service is stopping": self.stopping,
            "the queue is full": self.places.full,
            "the engine does not run": not self.engine.alive,
        }
        return [reason for reason, holds in said.items() if holds]

    async def detect(
        self, request: Request, name: str | None, masks: bool
    ) -> dict[str, Any]:
        """The body of the answer; see `schema.Answer`.

        Args:
            request: its body is not read yet.
            name: of a file that is the body itself.
            masks: whether the maps are wanted.

        Raises:
            Problem: there is no such answer.
        """
        try:
            self._admit(request)
            with self.places.one(), _own_folder(self.folder) as folder:
                return await self._detect(request, name, masks, folder)
        except ClientDisconnect as error:
            raise Problem(CLIENT_GONE, "The client hung up.") from error
        except Problem:
            await _linger(request)
            raise

    def _admit(self, request: Request) -> None:
        """Refuses what can be refused before the body is read."""
        if self.stopping:
            raise _stopping()
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.limits.max_bytes + FORM_BYTES:
            raise too_large(self.limits)

    async def _detect(
        self, request: Request, name: str | None, masks: bool, folder: Path
    ) -> dict[str, Any]:
        """Takes the file in and has it looked at, all before the time is over."""
        end, facts = time.monotonic() + self.limits.time_limit, request.state.facts
        upload = await self._receive(request, name, folder)
        facts |= {"bytes": upload.bytes, "suffix": upload.path.suffix}
        item = InputFile(
            upload.path, kind_of(upload.path), request.state.request_id, upload.name
        )
        row = await self._row(request, Job(item, MasksInRow() if masks else None), end)
        faces = sum(1 for _ in faces_of(row))
        facts |= {"file_status": row["status"], "faces": faces}
        self.metrics.files.labels(row["status"]).inc()
        self.metrics.faces.inc(faces)
        return of_row(row, upload)

    async def _receive(
        self, request: Request, name: str | None, folder: Path
    ) -> Upload:
        content_type = request.headers.get("content-type", "")
        media_type = media_type_of(content_type)
        known = media_type in (*TYPES, FORM, OCTETS)
        request.state.facts["media_type"] = media_type if known else "other"
        try:
            async with (
                asyncio.timeout(self.limits.time_limit),
                aclosing(request.stream()) as chunks,
            ):
                return await receive(chunks, content_type, name, folder, self.limits)
        except TimeoutError as error:
            raise Problem(408, f"The body took {self._limit()}.") from error

    async def _row(self, request: Request, job: Job, end: float) -> Row:
        """Waits for the row; no work goes on that nobody waits for."""
        answer = asyncio.wrap_future(job.answer)
        gone = asyncio.ensure_future(_hung_up(request))
        try:
            self.engine.submit(job)
            both: set[asyncio.Future[Any]] = {answer, gone}
            await asyncio.wait(
                both,
                timeout=end - time.monotonic(),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if answer.done():
                return answer.result()
            if gone.done():
                raise Problem(CLIENT_GONE, "The client hung up.")
            raise Problem(
                504,
                f"It took {self._limit()}. Try a shorter video or a smaller picture, "
                "or try again when there is less to do.",
            )
        except EngineError as error:
            if self.stopping:
                raise _stopping() from error
            if not self.engine.alive:
                raise _unable() from error
            raise Problem(500, "Something went wrong; try again.") from error
        finally:
            gone.cancel()
            if not answer.done():
                answer.cancel()
                self.engine.give_up(job)

    def _limit(self) -> str:
        return f"longer than {self.limits.time_limit:g} s, which is the limit here"


@contextmanager
def _own_folder(top: Path) -> Iterator[Path]:
    """A folder in `top` while the block runs; 503 where the disk is full."""
    try:
        with tempfile.TemporaryDirectory(dir=top, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except OSError as error:
        log.exception("a file cannot be taken in")
        raise _unable() from error


def _unable() -> Problem:
    return Problem(
        503,
        "Nothing can be looked at here now; try again later.",
        {"Retry-After": "10"},
    )


def _stopping() -> Problem:
    return Problem(
        503, "The service is stopping; try again later.", {"Connection": "close"}
    )


async def _hung_up(request: Request) -> None:
    """Returns when the client is gone; its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _linger(request: Request) -> None:
    """Reads the rest of a small body."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > _LINGER_BYTES:
        return
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            async for _ in request.stream():
                pass
    except (TimeoutError, ClientDisconnect, RuntimeError):
        pass  # RuntimeError: it had been read
