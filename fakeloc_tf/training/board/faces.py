"""Pictures of some validation faces: masks, overlays and noise maps."""

from __future__ import annotations

import cv2
import matplotlib
import numpy as np
import tensorflow as tf

from fakeloc_tf.media.images import to_grey

CELL = 160
COLUMNS = 4
GAP = 4
MARGIN = 150
LINE = 22
RED = (255, 0, 0)
TINT = 0.4
# Perceptually uniform: equal steps of noise look equal.
NOISE_COLORS = "magma"


def write_faces(pictures: dict[str, np.ndarray]) -> None:
    """Writes `faces/overview` with all kinds of pictures, and `faces/overlay`.

    One picture of all faces each: TensorBoard shows a card for every picture of every
    run, and a card for every face and kind would be too many to find anything.

    Args:
        pictures: `face` and, as the model has heads, `mask/true`, `mask/predicted`,
            `noise/true`, `noise/predicted`; float32 [N, H, W, 3 or 1] in 0..1.
    """
    face = to_grey(pictures["face"])
    rows = {"face": face}
    legend = None
    if "mask/predicted" in pictures:
        true, predicted = pictures["mask/true"], pictures["mask/predicted"]
        laid = np.stack(
            [overlay(*each) for each in zip(face, true, predicted, strict=True)]
        )
        rows |= {
            "overlay": laid,
            "true mask": _gray(true),
            "predicted mask": _gray(predicted),
        }
        legend = "Overlay: true outline white, predicted region red."
        small = grid(np.stack([_cell(picture) for picture in laid]), COLUMNS)
        tf.summary.image("faces/overlay", small[None], description=legend)
    if "noise/predicted" in pictures:
        rows |= noise_rows(pictures["noise/true"], pictures["noise/predicted"])
    tf.summary.image("faces/overview", overview(rows)[None], description=legend)


def overlay(
    face_uint8: np.ndarray, true: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """A face with the true outline in white and the predicted region in red.

    Args:
        face_uint8: uint8 [H, W, 3] RGB.
        true: float32 [H, W, 1] in 0..1.
        predicted: float32 [H, W, 1] in 0..1.

    Returns:
        uint8 [H, W, 3] RGB.
    """
    picture = face_uint8.copy()
    region = predicted[..., 0] >= 0.5
    tinted = (1 - TINT) * picture[region] + TINT * np.array(RED)
    picture[region] = np.round(tinted).astype(np.uint8)
    inside = (true[..., 0] >= 0.5).astype(np.uint8)
    outlines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thickness = max(1, round(len(picture) / 150))
    return cv2.drawContours(picture, outlines, -1, (255, 255, 255), thickness)


def noise_rows(true: np.ndarray, predicted: np.ndarray) -> dict[str, np.ndarray]:
    """Noise maps in colour on one scale, whose upper end the names give.

    Most of |W|/σ is far below 1; the scale ends where 99% of the true noise is below.

    Args:
        true: float32 [N, H, W, 1] in 0..1.
        predicted: float32 [N, H, W, 1] in 0..1.

    Returns:
        Name → uint8 [N, H, W, 3].
    """
    top = max(float(np.percentile(true, 99)), 0.01)
    colors = matplotlib.colormaps[NOISE_COLORS]
    return {
        f"{name} noise\n0 to {top:.2f}": to_grey(colors(values[..., 0] / top)[..., :3])
        for name, values in (("true", true), ("predicted", predicted))
    }


def overview(rows: dict[str, np.ndarray]) -> np.ndarray:
    """One picture with a row for each name and a column for each face.

    Args:
        rows: name, of one or more lines → uint8 [N, H, W, 3].

    Returns:
        uint8 [height, width, 3].
    """
    count = len(next(iter(rows.values())))
    pitch = CELL + GAP
    sheet = np.full((len(rows) * pitch, MARGIN + count * pitch, 3), 255, np.uint8)
    for row, (name, pictures) in enumerate(rows.items()):
        top = row * pitch
        for line, text in enumerate(name.split("\n")):
            at = (6, top + CELL // 2 + LINE * line)
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(sheet, text, at, font, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        for column, picture in enumerate(pictures):
            left = MARGIN + column * pitch
            sheet[top : top + CELL, left : left + CELL] = _cell(picture)
    return sheet


def grid(pictures: np.ndarray, columns: int) -> np.ndarray:
    """uint8 [N, h, w, 3] → one picture, row by row, what is left over black."""
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count] = pictures
    cells = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return cells.reshape(rows * height, columns * width, channels)


def _cell(picture: np.ndarray) -> np.ndarray:
    shrinks = picture.shape[0] > CELL
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    return cv2.resize(picture, (CELL, CELL), interpolation=how)


def _gray(maps: np.ndarray) -> np.ndarray:
    return np.repeat(to_grey(maps), 3, axis=-1)
