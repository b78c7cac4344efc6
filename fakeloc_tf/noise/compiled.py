"""How the inner loops of the noise filter are compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles at the first call; kept on disk where that can be written."""
    options: dict[str, Any] = {
        "nogil": True,
        "fastmath": True,
        # Python's check for a zero divisor keeps loops from being vectorised.
        "error_model": "numpy",
    }
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # A read-only installation without a home: each process compiles for itself.
        return numba.njit(**options)(function)


def float32_constants(values: Sequence[float]) -> tuple[Any, ...]:
    """For use in compiled code: Python's floats would make it compute in float64."""
    return tuple(np.float32(value) for value in values)
