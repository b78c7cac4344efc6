"""Pairs of a real face and a fake one of the same person, made from portraits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fakeloc_tf.data.made.camera import published, recorded
from fakeloc_tf.data.made.scene import Scene, random_scene
from fakeloc_tf.data.portraits import Portrait
from fakeloc_tf.data.self_blending import mean_face
from fakeloc_tf.manipulate.broad_blend import broad_blend, changed_picture
from fakeloc_tf.manipulate.eigenfaces import Eigenfaces
from fakeloc_tf.manipulate.manipulation import Manipulation
from fakeloc_tf.manipulate.methods import MANIPULATIONS
from fakeloc_tf.media.boxes import CropBox, crop, crop_mask

# Of the fakes; the others are `broad_blend`.
_OTHER_SHARE = 0.15
# Of the pairs whose picture is changed, but not the face that is pasted into it.
_CHANGED_SHARE = 0.04
# Manipulated share of a fake's crop, at least.
SMALLEST_SHARE = 0.01


@dataclass(frozen=True)
class MadeFace:
    """A training face.

    Attributes:
        image_uint8: uint8 [S, S, 3], RGB crop.
        mask_uint8: uint8 [S, S], 0 or 255 = manipulated.
    """

    image_uint8: np.ndarray
    mask_uint8: np.ndarray


@dataclass(frozen=True)
class MadePair:
    """A real face and a fake one of the same person.

    Attributes:
        person: index of the portrait.
        real, fake: the two.
    """

    person: int
    real: MadeFace
    fake: MadeFace


class FaceMaker:
    """Makes pairs; equal numbers give equal pairs."""

    def __init__(
        self,
        portraits: Sequence[Portrait],
        size: int,
        trained_on: Sequence[Portrait] | None = None,
    ) -> None:
        """Reads the portraits.

        Args:
            portraits: of the people that are drawn.
            size: side of the crops in pixels.
            trained_on: of the people whose principal components faces are rebuilt
                from; None = of `portraits`.
        """
        self._faces = [(p.image(), p.landmarks) for p in portraits]
        known = self._faces
        if trained_on is not None:
            known = [(p.image(), p.landmarks) for p in trained_on]
        self._eigenfaces = Eigenfaces(known, mean_face())
        self.size = size

    def pair(self, numbers: Sequence[int]) -> MadePair:
        """A real face and a fake one: one scene, one camera, one crop.

        Args:
            numbers: >= 0, the seed, such as (seed, epoch, index).
        """
        rng = np.random.default_rng(numbers)
        scene_rng, fake_rng, camera_rng = rng.spawn(3)
        person = int(rng.integers(len(self._faces)))
        image, landmarks = self._faces[person]
        scene = random_scene(image, landmarks, scene_rng)
        pristine = recorded(scene.image_uint8, scene_rng)
        box = _random_box(scene, rng)
        # Of the pair, not of the fake: the rest of the picture tells nothing.
        real = pristine
        if fake_rng.random() < _CHANGED_SHARE:
            real = changed_picture(pristine, scene.landmarks, fake_rng)
        fake = self._manipulated(real, pristine, scene, fake_rng)
        while _share_of(fake, box) < SMALLEST_SHARE:
            fake = self._manipulated(real, pristine, scene, fake_rng)
        state = camera_rng.bit_generator.state
        pair = []
        for item in (Manipulation(real, np.zeros_like(fake.mask_uint8)), fake):
            camera_rng.bit_generator.state = state
            seen = published(item.image_uint8, camera_rng)
            pair.append(
                MadeFace(
                    crop(seen, box, self.size),
                    crop_mask(item.mask_uint8, box, self.size),
                )
            )
        return MadePair(person, *pair)

    def _manipulated(
        self,
        real: np.ndarray,
        pristine: np.ndarray,
        scene: Scene,
        rng: np.random.Generator,
    ) -> Manipulation:
        if rng.random() < _OTHER_SHARE:
            names = sorted(MANIPULATIONS)
            method = MANIPULATIONS[names[int(rng.integers(len(names)))]]
            return method(real, scene.landmarks, rng, rng.uniform(0.6, 1.3))
        return broad_blend(
            real, scene.landmarks, rng, self._eigenfaces, source_uint8=pristine
        )


def _share_of(fake: Manipulation, box: CropBox) -> float:
    """Manipulated share of the crop."""
    mask = fake.mask_uint8[box.top : box.bottom, box.left : box.right]
    return float(np.count_nonzero(mask)) / mask.size


def _random_box(scene: Scene, rng: np.random.Generator) -> CropBox:
    """The crop of a detector that is not quite sure."""
    canvas = scene.image_uint8.shape[0]
    side = round(scene.side * float(np.clip(np.exp(rng.normal(-0.1, 0.15)), 0.65, 1.4)))
    place = scene.center - side / 2 + rng.normal(0, 0.04 * scene.side, 2)
    left, top = np.clip(np.rint(place), 0, canvas - side).astype(int)
    return CropBox(int(left), int(top), int(left) + side, int(top) + side)
