"""How many requests may be in the house; a further one is told to come back."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fakeloc_tf.web.service.problems import Problem

# Weight of the newest request in the mean time of one.
_NEWEST = 0.2


class Places:
    """A bounded queue, from the first byte of a body until there is an answer.

    Attributes:
        total: requests at once.
        taken: of them, now.
    """

    def __init__(self, total: int) -> None:
        """`total` >= 1 places, all free."""
        self.total = total
        self.taken = 0
        self._mean_seconds = 1.0

    @property
    def full(self) -> bool:
        """Whether the next request is refused."""
        return self.taken >= self.total

    @contextmanager
    def one(self) -> Iterator[None]:
        """Takes a place while the block runs.

        Raises:
            Problem: 429, there is none; `Retry-After` is the mean time of a request.
        """
        if self.full:
            wait = str(max(1, math.ceil(self._mean_seconds)))
            raise Problem(
                429, "The queue is full; try again later.", {"Retry-After": wait}
            )
        start = time.monotonic()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            seconds = time.monotonic() - start
            self._mean_seconds += _NEWEST * (seconds - self._mean_seconds)
