"""The wavelet filter of Mihçak et al. (Eq. 4), compiled."""

from __future__ import annotations

import numpy as np

from fakeloc_tf.noise.compiled import compiled, float32_constants
from fakeloc_tf.noise.db4 import join_across, join_down, split_across, split_down

LEVELS = 4
_AREA_3, _AREA_5, _AREA_7, _AREA_9 = float32_constants([1 / 9, 1 / 25, 1 / 49, 1 / 81])


@compiled
def noise_plane(plane: np.ndarray, noise_variance: np.float32) -> np.ndarray:
    """The noise of one colour plane: the transform's noisy part, transformed back.

    Args:
        plane: float32 [H, W].
        noise_variance: float32, σ².

    Returns:
        float32 [H, W], or one row or column more where a side is odd.
    """
    details = []
    for _ in range(LEVELS):
        low, high = split_down(plane)
        plane, low_high = split_across(low)
        high_low, high_high = split_across(high)
        details.append((low_high, high_low, high_high))
    # The last low band is taken for signal: nothing of it is noise.
    noise = np.zeros_like(plane)
    for low_high, high_low, high_high in details[::-1]:
        rows, columns = low_high.shape
        low = join_across(
            np.ascontiguousarray(noise[:rows, :columns]),
            wiener_noise(low_high, noise_variance),
        )
        high = join_across(
            wiener_noise(high_low, noise_variance),
            wiener_noise(high_high, noise_variance),
        )
        noise = join_down(low, high)
    return noise


@compiled
def wiener_noise(band: np.ndarray, noise_variance: np.float32) -> np.ndarray:
    """The share of one detail band that is noise: c·σ²/(v + σ²).

    v is the least of four local estimates of the signal's variance, each
    max(mean(c²) − σ², 0) over a window of 3, 5, 7 or 9 with zeros beyond the border:
    so v + σ² is the least mean, or σ² where that is more.

    Args:
        band: float32 [H, W].
        noise_variance: float32, σ².

    Returns:
        float32 [H, W].
    """
    height, width = band.shape
    power = np.zeros((height + 8, width), np.float32)
    for row in range(height):
        for column in range(width):
            power[row + 4, column] = band[row, column] * band[row, column]
    down = np.zeros((4, width + 8), np.float32)
    noise = np.empty((height, width), np.float32)
    for row in range(height):
        _sums_down(power[row : row + 9], down)
        _noise_across(down, band[row], noise_variance, noise[row])
    return noise


@compiled
def _sums_down(power: np.ndarray, down: np.ndarray) -> None:
    """Of nine rows: the middle 3, 5, 7 and 9, each over the area of its window.

    Written four places into `down`: the rows must be known to have no gaps.
    """
    p0, p1, p2, p3, p4 = power[0], power[1], power[2], power[3], power[4]
    p5, p6, p7, p8 = power[5], power[6], power[7], power[8]
    width = power.shape[1]
    d3, d5 = down[0][4 : 4 + width], down[1][4 : 4 + width]
    d7, d9 = down[2][4 : 4 + width], down[3][4 : 4 + width]
    for c in range(width):
        total = p3[c] + p4[c] + p5[c]
        d3[c] = total * _AREA_3
        total += p2[c] + p6[c]
        d5[c] = total * _AREA_5
        total += p1[c] + p7[c]
        d7[c] = total * _AREA_7
        total += p0[c] + p8[c]
        d9[c] = total * _AREA_9


@compiled
def _noise_across(
    down: np.ndarray, band: np.ndarray, noise_variance: np.float32, noise: np.ndarray
) -> None:
    """One row of `wiener_noise`; `down` has four zeros at either end."""
    d3, d5, d7, d9 = down[0], down[1], down[2], down[3]
    for c in range(band.shape[0]):
        mean_3 = d3[c + 3] + d3[c + 4] + d3[c + 5]
        mean_5 = d5[c + 2] + d5[c + 3] + d5[c + 4] + d5[c + 5] + d5[c + 6]
        mean_7 = d7[c + 1] + d7[c + 2] + d7[c + 3] + d7[c + 4] + d7[c + 5]
        mean_7 += d7[c + 6] + d7[c + 7]
        mean_9 = d9[c] + d9[c + 1] + d9[c + 2] + d9[c + 3] + d9[c + 4]
        mean_9 += d9[c + 5] + d9[c + 6] + d9[c + 7] + d9[c + 8]
        least = min(min(mean_3, mean_5), min(mean_7, mean_9))
        noise[c] = band[c] * (noise_variance / max(least, noise_variance))
