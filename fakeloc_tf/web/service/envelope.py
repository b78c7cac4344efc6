"""What goes around every request: an id, headers, one line in the log, metrics."""

from __future__ import annotations

import time
import uuid
from typing import Any

import structlog
from fastapi.exceptions import ResponseValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fakeloc_tf.web import guard
from fakeloc_tf.web.service.metrics import Metrics
from fakeloc_tf.web.service.problems import CLIENT_GONE, Problem

log = structlog.stdlib.get_logger(__name__)

# The page of the OpenAPI description has scripts of its own; an answer has none.
_PAGES = ("/docs", "/static-offline-docs")
_STRICT = b"default-src 'none'; frame-ancestors 'none'"
_POLICY = b"content-security-policy"
# Others are free text of a client, which neither logs nor metrics repeat.
_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())


class Envelope:
    """ASGI app around another; `scope["state"]["facts"]` is for the log's line."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wraps `app`."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request; a fault is logged here and goes no further."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, send)
        error = None
        try:
            await self._app(scope, receive, request.send)
        except Exception as fault:
            error = _without_answer(fault)
            if request.status is None:
                answer = Problem(500, "Something went wrong here.").response()
                await answer(scope, receive, request.send)
        finally:
            # Cancelled, or hung up: there was nobody to answer to.
            self._note(request, error)

    def _note(self, request: _Request, error: Exception | None) -> None:
        """One line and one count."""
        line = request.line()
        self._metrics.count(
            line["method"], line["path"], line["status"], line["seconds"]
        )
        if error is None:
            log.info("request", **line)
        else:
            log.error("request", **line, exc_info=error)


def _without_answer(fault: Exception) -> Exception:
    """FastAPI's text of a wrong answer holds the answer, the file's name included."""
    if not isinstance(fault, ResponseValidationError):
        return fault
    places = [(row["loc"], row["type"]) for row in fault.errors()]
    return RuntimeError(f"the answer is not as it is described: {places}")


class _Request:
    """One request on its way."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._start = time.monotonic()
        self._id = uuid.uuid4().hex
        self._facts: dict[str, Any] = {}
        scope["state"] = {**scope.get("state", {}), "facts": self._facts}
        scope["state"]["request_id"] = self._id

    async def send(self, message: Message) -> None:
        """Sends with the headers that every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers()]
        await self._send(message)

    def line(self) -> dict[str, Any]:
        """What the log says: no name, no content, no address of a client."""
        method = self._scope["method"]
        return {
            "request_id": self._id,
            "method": method if method in _METHODS else "other",
            "path": getattr(self._scope.get("route"), "path", "unknown"),
            "status": CLIENT_GONE if self.status is None else self.status,
            "seconds": round(time.monotonic() - self._start, 4),
            **self._facts,
        }

    def _headers(self) -> list[tuple[bytes, bytes]]:
        """Safe defaults, as the page of `fakeloc ui` has them, and the id."""
        page = self._scope["path"].startswith(_PAGES)
        headers = [
            (name, value if page or name != _POLICY else _STRICT)
            for name, value in guard.HEADERS
        ]
        if not page:
            headers.append((b"cache-control", b"no-store"))
        return [*headers, (b"x-request-id", self._id.encode())]
