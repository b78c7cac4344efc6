"""Self-blended faces in all their breadth (Shiohara & Yamasaki, CVPR 2022, §3).

`self_blend` makes one kind for the demo; here regions, edges, blend ratios and what
differs between source and target spread as widely as face swaps do, for a detector that
has to meet swaps it never saw.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.colour import in_8_bits, match_colours
from fakeloc_tf.manipulate.eigenfaces import Eigenfaces
from fakeloc_tf.manipulate.manipulation import Manipulation, blend
from fakeloc_tf.manipulate.source_changes import (
    CHANGES,
    fewer_pixels,
    other_colours,
    other_light,
    sharper,
    smoother,
)

_REGION_SHARES = {
    "face": 0.3,
    "no_forehead": 0.34,
    "inner": 0.2,
    "lower": 0.05,
    "upper": 0.05,
    "mouth": 0.03,
    "eyes": 0.03,
}
_RATIOS, _RATIO_SHARES = (0.5, 0.75, 0.9, 1.0), (0.05, 0.15, 0.1, 0.7)
_REBUILT_SHARE = 0.5
# Of these blends: a swap is matched to the picture's colours before it is blended in.
_MATCHED_SHARE = 0.75


def broad_blend(
    image_uint8: np.ndarray,
    landmarks: np.ndarray,
    rng: np.random.Generator,
    eigenfaces: Eigenfaces | None = None,
    source_uint8: np.ndarray | None = None,
) -> Manipulation:
    """Blends a changed copy of a face into the face.

    Args:
        image_uint8: uint8 [H, W, 3], RGB, the picture that is manipulated.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.
        eigenfaces: from which some faces are rebuilt; None = none of them.
        source_uint8: like `image_uint8`, where the pasted face is taken from, such as
            the picture before it was changed; None = from `image_uint8`.
    """
    if source_uint8 is None:
        source_uint8 = image_uint8
    window, points, source = geometry.cut_face(source_uint8, landmarks)
    if eigenfaces is not None and rng.random() < _REBUILT_SHARE:
        source = eigenfaces.rebuilt(source, points, rng)
    changed = False
    while not changed:
        for share, change in CHANGES:
            if rng.random() < share:
                source = change(source, points, rng)
                # What colours are matched away afterwards leaves no fake.
                changed |= change not in (other_colours, other_light)
    alpha = soft_region(points, rng, *source.shape[:2])
    if rng.random() < _MATCHED_SHARE:
        target = image_uint8[window].astype(np.float32)
        region = (alpha > 0.5).astype(np.uint8)
        source = match_colours(source, target, region, rng.choice([0.0, 0.0, 1.0]))
    ratio = rng.choice(_RATIOS, p=_RATIO_SHARES)
    return blend(image_uint8, window, source, alpha * np.float32(ratio))


def soft_region(
    points: np.ndarray, rng: np.random.Generator, height: int, width: int
) -> np.ndarray:
    """float32 [H, W] in 0..1: a part of the face, bent, its edge hard or soft."""
    scale = geometry.face_scale(points)
    kind = rng.choice(list(_REGION_SHARES), p=list(_REGION_SHARES.values()))
    corners = _corners(str(kind), points, rng)
    center = corners.mean(0)
    corners = center + rng.uniform(0.9, 1.06, 2) * (corners - center)
    corners = corners + rng.uniform(-0.02, 0.02, 2) * scale
    if rng.random() < 0.3:
        # As few corners as a coarse mesh has.
        chosen = rng.permutation(len(corners))[: int(rng.integers(8, 20))]
        corners = corners[chosen] if len(corners) > 20 else corners
    region = geometry.polygon(corners, height, width)
    bend = geometry.smooth_field(rng, int(rng.integers(4, 9)), height, width)
    region = geometry.remap(region, bend * np.float32(rng.uniform(0.0, 0.035) * scale))
    radius = scale * np.exp(rng.uniform(np.log(0.006), np.log(0.16)))
    if rng.random() < 0.5:
        return geometry.soften(region, radius)
    return cv2.GaussianBlur(region, (0, 0), max(0.5, 0.5 * radius))


def _corners(kind: str, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """float32 [N, 2]: points whose hull is the region."""
    up = geometry.upward(points)
    forehead = points[geometry.BROWS] + rng.uniform(0.15, 0.5) * up
    if kind == "face":
        return np.vstack([points, forehead])
    if kind == "no_forehead":
        return points
    if kind == "inner":
        jaw = points[geometry.JAW]
        nose = points[geometry.NOSE].mean(0)
        return np.vstack([nose + rng.uniform(0.7, 0.95) * (jaw - nose), points[17:]])
    if kind == "lower":
        return np.vstack([points[2:15], points[30:36], points[geometry.LIPS]])
    if kind == "upper":
        return np.vstack([points[[0, 1, 15, 16]], points[17:48], forehead])
    if kind == "mouth":
        lips = points[geometry.LIPS]
        middle = lips.mean(0)
        half = 0.22 * up
        return np.vstack(
            [
                middle + rng.uniform(1.2, 2.0) * (lips - middle),
                middle + half,
                middle - half,
            ]
        )
    eyes = points[geometry.EYES]
    return np.vstack([points[geometry.BROWS], eyes - rng.uniform(0.1, 0.35) * up])


def changed_picture(
    image_uint8: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A picture of other sharpness, pixels or colours than the one it was.

    A face that is pasted into it from the one before is then the sharper part.

    Args:
        image_uint8: uint8 [H, W, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels, iBUG order.
        rng: source of every choice.

    Returns:
        uint8 [H, W, 3].
    """
    options = (fewer_pixels, smoother, sharper, other_colours)
    change = options[int(rng.integers(len(options)))]
    changed = change(image_uint8.astype(np.float32), landmarks, rng)
    return in_8_bits(changed)
