"""Everything between a run and those who ask it from elsewhere: exports, client.

`Client` is imported at its first use: an export needs none of its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakeloc_tf.serving.client.client import Client

__all__ = ["Client"]


def __getattr__(name: str) -> Any:
    """Imports `Client` at its first use (PEP 562)."""
    if name != "Client":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fakeloc_tf.serving.client.client import Client

    globals()[name] = Client
    return Client
