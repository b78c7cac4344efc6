"""When to ask again: one policy for REST and gRPC.

urllib3's own retries end at the header of an answer, and gRPC's count all attempts
against one deadline; so both are left out, and `tenacity` repeats whole requests. A
request changes nothing on the server, so that it may be repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.serving.client.errors import (
    NotServedError,
    PassingError,
    ServerError,
)

try:
    import tenacity
except ImportError as error:
    raise FakelocError(
        f"a server needs tenacity ({error}); install it with "
        "`pip install fakeloc-tf[serving]`"
    ) from error

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 20.0
LOOK_SECONDS = 0.5

T = TypeVar("T")


def attempts(ask: Callable[[], T], retries: int, closed: threading.Event) -> T:
    """Asks until there is an answer.

    Args:
        ask: one attempt.
        retries: further attempts after a `PassingError`.
        closed: ends the waiting.

    Returns:
        What `ask` gave.

    Raises:
        ServerError: that of the last attempt; it says how many there were.
    """
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(PassingError)
        & tenacity.retry_if_exception(lambda _: not closed.is_set()),
        stop=tenacity.stop_after_attempt(retries + 1),
        wait=_pause,
        sleep=tenacity.sleep_using_event(closed),
        reraise=True,
    )
    try:
        return again(ask)
    except PassingError as error:
        count = again.statistics.get("attempt_number", 1)
        if count == 1:
            raise
        raise ServerError(f"{error} (after {count} attempts)") from error


def until_ready(
    look: Callable[[], None], seconds: float, closed: threading.Event
) -> ServerError | None:
    """Looks again and again until it succeeds.

    Args:
        look: raises unless ready.
        seconds: to go on at most; 0 = one look.
        closed: ends the waiting.

    Returns:
        None = ready; else why it was not, in the end.

    Raises:
        ServerError: waiting will not help.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            look()
            return None
        except (PassingError, NotServedError) as error:
            left = end - time.monotonic()
            if left <= 0 or closed.wait(min(LOOK_SECONDS, left)):
                return error


_back_off = tenacity.wait_exponential_jitter(
    initial=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS, jitter=FIRST_PAUSE_SECONDS
)


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds before the next attempt: the server's wish, else one that doubles."""
    error = state.outcome.exception() if state.outcome else None
    wish = error.retry_after if isinstance(error, PassingError) else None
    if wish is not None:
        return min(wish, LONGEST_PAUSE_SECONDS)
    return _back_off(state)
