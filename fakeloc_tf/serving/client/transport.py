"""What REST and gRPC have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

# An answer of 64 faces with maps of 299 × 299 as JSON has 78 MB.
MAX_MESSAGE_BYTES = 256 << 20


@dataclass(frozen=True)
class Wanted:
    """What is asked of a model.

    Attributes:
        model: name on the server.
        version: number, or None = the server chooses.
        signature: of the SavedModel.
        inputs: name → a list of bytes, one a row.
        outputs: names of what is wanted.
    """

    model: str
    version: int | None
    signature: str
    inputs: Mapping[str, Sequence[bytes]]
    outputs: Sequence[str]


class Transport(Protocol):
    """One attempt at a request; many threads may ask at once.

    Every method raises a `ServerError`; one that may pass is a `PassingError`.
    """

    def predict(self, wanted: Wanted) -> dict[str, Any]:
        """Output name → an array or a nested list, a row a face; bytes for strings."""

    def versions(self, model: str) -> dict[int, str]:
        """Version → `AVAILABLE`, `LOADING`, `UNLOADING`, `START`, `END`, `UNKNOWN`.

        Raises:
            NotServedError: there is no such model.
        """

    def close(self) -> None:
        """Gives the connections back."""
