"""One level of the db4 wavelet transform and back, compiled.

The functions work on rows of float32 that lie one after another, so that the compiler
fills whole vector registers: columns are filtered by adding up rows, rows after their
even and odd places are parted.

n places become (n + 7) // 2 low and as many high ones, the border mirrored half a place
beyond the last (`symmetric` in PyWavelets, whose numbers these are).
"""

from __future__ import annotations

import numpy as np
import pywt

from fakeloc_tf.noise.compiled import compiled, float32_constants

_DB4 = pywt.Wavelet("db4")
_SPLIT_LOW = float32_constants(_DB4.dec_lo)
_SPLIT_HIGH = float32_constants(_DB4.dec_hi)
_JOIN_LOW = float32_constants(_DB4.rec_lo)
_JOIN_HIGH = float32_constants(_DB4.rec_hi)


@compiled
def split_down(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high half of every column: float32 [H, W] -> two of [(H + 7) // 2, W]."""
    n, width = image.shape
    half = (n + 7) // 2
    low = np.empty((half, width), np.float32)
    high = np.empty((half, width), np.float32)
    for k in range(half):
        _split(
            image[_mirrored(2 * k + 1, n)],
            image[_mirrored(2 * k, n)],
            image[_mirrored(2 * k - 1, n)],
            image[_mirrored(2 * k - 2, n)],
            image[_mirrored(2 * k - 3, n)],
            image[_mirrored(2 * k - 4, n)],
            image[_mirrored(2 * k - 5, n)],
            image[_mirrored(2 * k - 6, n)],
            low[k],
            high[k],
        )
    return low, high


@compiled
def split_across(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high half of every row: float32 [H, W] -> two of [H, (W + 7) // 2]."""
    height, n = image.shape
    half = (n + 7) // 2
    low = np.empty((height, half), np.float32)
    high = np.empty((height, half), np.float32)
    # Places −6, −4, … and −5, −3, … of a row that is mirrored at both ends.
    even = np.empty(half + 3, np.float32)
    odd = np.empty(half + 3, np.float32)
    for row in range(height):
        line = image[row]
        for j in range(n // 2):
            even[j + 3] = line[2 * j]
            odd[j + 3] = line[2 * j + 1]
        for j in range(3):
            even[j] = line[_mirrored(2 * j - 6, n)]
            odd[j] = line[_mirrored(2 * j - 5, n)]
        for j in range(n // 2 + 3, half + 3):
            even[j] = line[_mirrored(2 * j - 6, n)]
            odd[j] = line[_mirrored(2 * j - 5, n)]
        _split(
            odd[3:],
            even[3:],
            odd[2 : 2 + half],
            even[2 : 2 + half],
            odd[1 : 1 + half],
            even[1 : 1 + half],
            odd[:half],
            even[:half],
            low[row],
            high[row],
        )
    return low, high


@compiled
def join_down(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The inverse of `split_down`: two of [n, W] -> float32 [2n − 6, W]."""
    n, width = high.shape
    image = np.empty((2 * (n - 3), width), np.float32)
    for k in range(n - 3):
        _join(
            low[k],
            low[k + 1],
            low[k + 2],
            low[k + 3],
            high[k],
            high[k + 1],
            high[k + 2],
            high[k + 3],
            image[2 * k],
            image[2 * k + 1],
        )
    return image


@compiled
def join_across(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The inverse of `split_across`: two of [H, n] -> float32 [H, 2n − 6]."""
    height, n = high.shape
    half = n - 3
    image = np.empty((height, 2 * half), np.float32)
    even = np.empty(half, np.float32)
    odd = np.empty(half, np.float32)
    for row in range(height):
        a, d = low[row], high[row]
        _join(
            a[:half],
            a[1 : 1 + half],
            a[2 : 2 + half],
            a[3 : 3 + half],
            d[:half],
            d[1 : 1 + half],
            d[2 : 2 + half],
            d[3 : 3 + half],
            even,
            odd,
        )
        line = image[row]
        for c in range(half):
            line[2 * c] = even[c]
            line[2 * c + 1] = odd[c]
    return image


@compiled
def _split(x0, x1, x2, x3, x4, x5, x6, x7, low, high):  # type: ignore[no-untyped-def]
    """Both filters of the analysis at once; x0 is the last place of eight."""
    f, g = _SPLIT_LOW, _SPLIT_HIGH
    for c in range(low.shape[0]):
        a0, a1, a2, a3, a4, a5, a6, a7 = (
            x0[c], x1[c], x2[c], x3[c], x4[c], x5[c], x6[c], x7[c]
        )  # fmt: skip
        low[c] = (
            f[0] * a0 + f[1] * a1 + f[2] * a2 + f[3] * a3
            + f[4] * a4 + f[5] * a5 + f[6] * a6 + f[7] * a7
        )  # fmt: skip
        high[c] = (
            g[0] * a0 + g[1] * a1 + g[2] * a2 + g[3] * a3
            + g[4] * a4 + g[5] * a5 + g[6] * a6 + g[7] * a7
        )  # fmt: skip


@compiled
def _join(a0, a1, a2, a3, d0, d1, d2, d3, even, odd):  # type: ignore[no-untyped-def]
    """Both filters of the synthesis, at an even and an odd place at once."""
    f, g = _JOIN_LOW, _JOIN_HIGH
    for c in range(even.shape[0]):
        p, q, r, s = a0[c], a1[c], a2[c], a3[c]
        t, u, v, w = d0[c], d1[c], d2[c], d3[c]
        even[c] = (
            f[6] * p + f[4] * q + f[2] * r + f[0] * s
            + g[6] * t + g[4] * u + g[2] * v + g[0] * w
        )  # fmt: skip
        odd[c] = (
            f[7] * p + f[5] * q + f[3] * r + f[1] * s
            + g[7] * t + g[5] * u + g[3] * v + g[1] * w
        )  # fmt: skip


@compiled
def _mirrored(place: int, n: int) -> int:
    """The place inside 0..n−1 that a place beyond the border shows."""
    while place < 0 or place >= n:
        place = -place - 1 if place < 0 else 2 * n - 1 - place
    return place
