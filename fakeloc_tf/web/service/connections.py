"""How long a client may be silent, and how many may be there: uvicorn has no bound."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

# For the header of a request, from the first byte of the connection or the end of the
# answer before.
HEADER_SECONDS = 20.0
# For an answer that the client does not take.
SEND_SECONDS = 120.0
# Beside the requests that are taken in: health, metrics, those that are refused.
SPARE = 200


class BoundedProtocol(H11Protocol):
    """One connection; each takes a file descriptor, and the workers need some too.

    h11, not httptools: it ends a header that does not end.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Closes what is beyond `limit_concurrency`."""
        super().connection_made(transport)
        if self.limit_concurrency and len(self.connections) > self.limit_concurrency:
            transport.abort()
        else:
            self._watch(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        super().connection_lost(exc)
        if self._late is not None:
            self._late.cancel()

    def on_response_complete(self) -> None:
        """Waits for the next request."""
        super().on_response_complete()
        self._watch(HEADER_SECONDS)

    def _watch(self, seconds: float) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        """Closes, unless a request is being answered."""
        if self.cycle is not None and not self.cycle.response_complete:
            return
        self.transport.close()
        # It stays open until what was written is sent.
        self._late = self.loop.call_later(SEND_SECONDS, self.transport.abort)
