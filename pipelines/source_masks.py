"""The binary masks of one fake: from its mask file, or from its original."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fakeloc_tf.media.boxes import FaceBox
from pipelines.derived_masks import convex_hull, difference_mask
from pipelines.mask_files import MaskFrames, UnusableMaskError
from pipelines.masks import MASK_RULES, components_on_face
from pipelines.sources import Source


class SourceMasks:
    """Masks frame by frame, asked for in order of frames."""

    def __init__(self, source: Source, frames: MaskFrames, derived: bool) -> None:
        """Use `open_masks`; `frames` are those of the original if `derived`."""
        self._rule = MASK_RULES[source.mask_rule]
        # FF++'s videos may show several people, and mask each of them.
        self._only_on_face = derived or source.mask_rule == "ffpp"
        self._frames = frames
        self._derived = derived

    def at(self, frame: int, image_uint8: np.ndarray) -> np.ndarray | None:
        """The mask of a frame of the fake.

        Args:
            frame: its index.
            image_uint8: uint8 [H, W, 3], the frame.

        Returns:
            uint8 [H, W], 0 or 255; None where the file has no such frame.
        """
        found = self._frames.at(frame)
        if found is None:
            return None
        if self._derived:
            return difference_mask(image_uint8, found)
        return self._rule(found)

    def on_face(self, mask_uint8: np.ndarray, face: FaceBox) -> np.ndarray:
        """The parts of a frame's mask that belong to the face."""
        if self._only_on_face:
            mask_uint8 = components_on_face(mask_uint8, face)
        return convex_hull(mask_uint8) if self._derived else mask_uint8


def open_masks(
    source: Source,
    derive: bool,
    wanted: Sequence[int],
    total: int,
    size: tuple[int, int],
) -> SourceMasks | None:
    """Opens the masks of a source, if it has any.

    Args:
        source: the video or picture.
        derive: make masks of a fake that has none from its original.
        wanted: frames that will be asked for.
        total: frames of the source.
        size: (height, width) of its frames.

    Raises:
        UnusableMaskError: mask or original are unreadable, or do not fit.
    """
    if source.mask_path is not None:
        frames = MaskFrames(source.mask_path, wanted, total, size)
        return SourceMasks(source, frames, derived=False)
    if not derive or source.original is None:
        return None
    try:
        frames = MaskFrames(source.original, wanted, total, size)
    except UnusableMaskError as error:
        reason = error.reason.replace("mask", "original", 1)
        raise UnusableMaskError(reason) from error
    return SourceMasks(source, frames, derived=True)
