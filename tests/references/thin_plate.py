"""Slow thin-plate spline, one point at a time (Bookstein, 1989)."""

from __future__ import annotations

import math

import numpy as np


def kernel(distance: float) -> float:
    """U(r) = r² log r, 0 at 0."""
    return distance**2 * math.log(distance) if distance > 0 else 0.0


def interpolate(
    centers: np.ndarray, values: np.ndarray, at: np.ndarray, slack: float
) -> np.ndarray:
    """Values [M, D] at `at` [M, 2] of the spline with `values` at `centers`."""
    count = len(centers)
    system = np.zeros((count + 3, count + 3))
    for i in range(count):
        for j in range(count):
            system[i, j] = kernel(math.dist(centers[i], centers[j]))
        system[i, i] += slack
        system[i, count:] = system[count:, i] = 1, *centers[i]
    right = np.zeros((count + 3, values.shape[1]))
    right[:count] = values
    weights = np.linalg.inv(system) @ right
    result = []
    for point in at:
        row = [kernel(math.dist(point, c)) for c in centers] + [1, *point]
        result.append(np.array(row) @ weights)
    return np.array(result)
