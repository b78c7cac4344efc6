"""What every answer of the server carries, and the size of what it takes."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fakeloc_tf.web.limits import FORM_BYTES

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Starlette cannot read an IPv6 address in a Host header.
_LOCAL_NAMES = ("127.0.0.1", "localhost")
# Gradio's page builds functions from text and has its scripts inline; what matters is
# that nothing is loaded from, or sent to, anywhere else.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-dns-prefetch-control", b"off"),
)
# Routes of Gradio that this page does not use and that write files.
_CLOSED = ("/gradio_api/process_recording",)


class Guard:
    """ASGI middleware: headers, a largest request, and closed routes."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wraps `app`; a request's body may have `max_bytes` and a little more."""
        self._app = app
        self._max_bytes = max_bytes + FORM_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if scope["path"].startswith(_CLOSED):
            await _refuse(send_with_headers, 404, b"not here")
        elif not length.isdigit() or int(length) > self._max_bytes:
            await _refuse(send_with_headers, 413, b"too large")
        else:
            await self._app(scope, self._counted(receive), send_with_headers)

    def _counted(self, receive: Receive) -> Receive:
        """`receive` that hangs up on a body without a length that does not end."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return {"type": "http.disconnect"} if taken > self._max_bytes else message

        return counted


async def _refuse(send: Send, status: int, text: bytes) -> None:
    """A short answer in plain text."""
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def middleware(host: str, max_bytes: int) -> Sequence[Middleware]:
    """The layers around Gradio's app.

    Args:
        host: that the server binds to. On this machine's own address only its own
            names are answered, which keeps strange pages from reaching it by a name
            of theirs that points here (DNS rebinding).
        max_bytes: of an upload.
    """
    return [Middleware(Guard, max_bytes=max_bytes), *host_check(host)]


def host_check(host: str) -> list[Middleware]:
    """The layer that answers to this machine's own names only; none elsewhere.

    Args:
        host: that the server binds to.
    """
    if host not in _LOCAL_NAMES:
        return []
    return [Middleware(TrustedHostMiddleware, allowed_hosts=list(_LOCAL_NAMES))]
