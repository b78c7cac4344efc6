"""The chosen faces as pictures: the face, and over it outline and region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

from fakeloc_tf.data import targets
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.evaluation.chosen_faces import Face, faces_at
from fakeloc_tf.evaluation.face_drawing import draw_overlay
from fakeloc_tf.evaluation.figure_files import png_bytes
from fakeloc_tf.media.images import encode_jpeg
from fakeloc_tf.models.scorer import Scorer

SIDE = 256
DPI = 100


@dataclass(frozen=True)
class CasePicture:
    """A face to look at.

    Attributes:
        face_jpeg: the crop of the record, `SIDE` pixels wide.
        overlay_png: true outline and predicted region, transparent elsewhere.
    """

    face_jpeg: bytes
    overlay_png: bytes


def case_pictures(
    source: RecordSource, positions: Sequence[int], score: Scorer, image_size: int
) -> dict[int, CasePicture]:
    """Decodes and scores some faces, one at a time.

    Args:
        source: records of the split.
        positions: of the faces in written order.
        score: see `models.scorer.as_scorer`.
        image_size: side S of the model's input.

    Returns:
        Position → picture.
    """
    return {
        position: _picture(face, score, image_size)
        for position, face in faces_at(source, positions).items()
    }


def _picture(face: Face, score: Scorer, image_size: int) -> CasePicture:
    images = targets.model_input(face["image"], image_size)[tf.newaxis]
    maps = score(images).get("localization")
    true = targets.soft_mask(face["mask"], (image_size, image_size))[..., 0].numpy()
    crop = cv2.resize(face["image"].numpy(), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    predicted = None if maps is None else maps[0, ..., 0].numpy()
    return CasePicture(encode_jpeg(crop), _overlay(true, predicted))


def _overlay(true: np.ndarray, predicted: np.ndarray | None) -> bytes:
    """A transparent PNG of `SIDE` pixels; maps float [S, S] in 0..1."""
    figure = Figure(figsize=(SIDE / DPI, SIDE / DPI), dpi=DPI)
    figure.patch.set_alpha(0)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    draw_overlay(axes, true, predicted)
    side = len(true)
    # As `imshow` has them: without a region nothing else sets them.
    axes.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))
    return png_bytes(figure)
