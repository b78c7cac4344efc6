"""A face with its true outline and its predicted region."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from fakeloc_tf.metrics import MASK_THRESHOLD

TINT = ListedColormap(["red"])


def draw_face(
    axes: Axes,
    face_uint8: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray | None = None,
) -> None:
    """Draws the face, the true outline in white and the predicted region in red.

    Args:
        axes: where to.
        face_uint8: uint8 [S, S, 3] RGB.
        true: float [S, S] in 0..1.
        predicted: float [S, S] in 0..1; None = there is none.
    """
    axes.imshow(face_uint8)
    draw_overlay(axes, true, predicted)


def draw_overlay(
    axes: Axes, true: np.ndarray, predicted: np.ndarray | None = None
) -> None:
    """What `draw_face` draws over the face."""
    if predicted is not None:
        region = np.ma.masked_less(predicted, MASK_THRESHOLD)
        axes.imshow(region, cmap=TINT, vmin=0, vmax=1, alpha=0.4)
    draw_outline(axes, true)


def draw_outline(axes: Axes, true: np.ndarray) -> None:
    """Draws the outline of a mask float [S, S] in 0..1 in white, if it has one."""
    if np.min(true) < MASK_THRESHOLD <= np.max(true):
        axes.contour(true, levels=[MASK_THRESHOLD], colors="white", linewidths=1.2)
