"""Where a logarithmic axis of false-positive rates begins."""

from __future__ import annotations

# Nobody looks at rates below, whatever the number of faces.
LOWEST_RATE = 1e-4


def least_rate(reals: int) -> float:
    """The least rate above 0 that so many real faces can show."""
    return max(1 / max(reals, 2), LOWEST_RATE)
