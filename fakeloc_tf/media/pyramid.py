"""The levels of dlib's picture pyramid, each made from the frame in one step.

dlib searches a frame that it has doubled once (level 0), then copies of 5/6 the size of
the one before (levels 1, 2, …), always on the same grid of cells. Level 9 has a
twenty-sixth of level 0's pixels and shows faces from 188 pixels on. It is made here
without the levels above it, sample for sample where dlib's chain of bilinear resizings
puts it: a frame shrunk in any other way has its cells elsewhere, and boxes that jump by
a tenth of the face.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import sparse

STEP = 6 / 5
# Frames are doubled before level 0; dlib adds a row and two columns.
DOUBLED = 2.0
MORE_ROWS, MORE_COLUMNS = 1, 2
# The smallest boxes at level 0 have this side, in pixels of the frame.
BOX_SIDE = 36.4


def level_at(scale: float) -> int:
    """The coarsest level whose copy is at least `scale` times the frame."""
    return max(0, math.floor(math.log(DOUBLED / scale, STEP) + 1e-9))


def level_for(side: float) -> int:
    """The level whose boxes have about `side` pixels of the frame."""
    return max(0, round(math.log(max(side, BOX_SIDE) / BOX_SIDE, STEP)))


def level_image(image_uint8: np.ndarray, level: int) -> np.ndarray:
    """The copy of a frame that dlib would search at `level`.

    Args:
        image_uint8: uint8 [H, W, 3].
        level: 0 = about twice the frame's size.

    Returns:
        uint8 [2H · (5/6)^level, 2W · (5/6)^level, 3] or thereabouts; its corners show
        the frame's corners.
    """
    height, width, channels = image_uint8.shape
    rows = resizing(height, MORE_ROWS, level) @ image_uint8.reshape(height, -1).astype(
        np.float32
    )
    columns = rows.reshape(-1, width, channels).swapaxes(0, 1).reshape(width, -1)
    resized = resizing(width, MORE_COLUMNS, level) @ columns
    resized = resized.reshape(resized.shape[0], -1, channels).swapaxes(0, 1)
    return np.ascontiguousarray((resized + 0.5).astype(np.uint8))


@lru_cache(maxsize=64)
def resizing(length: int, more: int, level: int) -> sparse.csr_matrix:
    """Doubling and `level` bilinear steps along one axis, multiplied out.

    Args:
        length: of the axis, in pixels.
        more: pixels that doubling adds.
        level: steps of 5/6, rounded down as dlib does.

    Returns:
        float32 [resized length, `length`]; rows sum to 1.
    """
    matrix = bilinear(length, 2 * length + more)
    for _ in range(level):
        before = matrix.shape[0]
        matrix = bilinear(before, max(1, 5 * before // 6)) @ matrix
    return matrix.astype(np.float32).tocsr()


def bilinear(before: int, after: int) -> sparse.csr_matrix:
    """Bilinear resizing of an axis; first and last samples stay where they are."""
    place = np.arange(after) * ((before - 1) / max(1, after - 1))
    low = np.minimum(place.astype(int), before - 1)
    high = np.minimum(low + 1, before - 1)
    rows = np.tile(np.arange(after), 2)
    share = place - low
    return sparse.csr_matrix(
        (np.r_[1 - share, share], (rows, np.r_[low, high])), shape=(after, before)
    )
