"""How much is sent at once and how often it is tried; where nothing is given, so."""

from __future__ import annotations

from dataclasses import dataclass

from fakeloc_tf.errors import FakelocError

MODEL = "fakeloc"
TIMEOUT_SECONDS = 60.0
# Pauses of 0.5, 1, 2, 4 and 8 seconds: a server that is started anew is back.
RETRIES = 5
BATCH_SIZE = 8
PARALLEL = 4


@dataclass(frozen=True)
class Sending:
    """Size and number of requests.

    Attributes:
        batch_size: crops in a request; the server may put those of several together.
        parallel: requests at the same time.
        retries: further attempts after one that failed for a reason that may pass.
        compact: maps as PNG of 8 bits, exact to 1/510, instead of float32.
    """

    batch_size: int
    parallel: int
    retries: int
    compact: bool

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("parallel", 1), ("retries", 0)):
            if getattr(self, name) < least:
                raise FakelocError(
                    f"{name} must be >= {least}. Received: {getattr(self, name)}"
                )
