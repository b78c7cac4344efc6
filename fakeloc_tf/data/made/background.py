"""What stands behind a person: told from the portrait, and replaced."""

from __future__ import annotations

import cv2
import numpy as np

from fakeloc_tf.data.made.camera import blurred
from fakeloc_tf.manipulate import geometry


def head_alpha(image_uint8: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """float32 [H, W] in 0..1: the person before the background, soft (GrabCut).

    Args:
        image_uint8: uint8 [H, W, 3], RGB, a portrait.
        landmarks: float32 [68, 2], x, y in pixels.
    """
    height, width = image_uint8.shape[:2]
    factor = 100.0 / height
    small = cv2.resize(
        image_uint8, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    points = landmarks * factor
    labels = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    center = points.mean(0)
    near = geometry.polygon(
        center + 1.6 * (points - center) + 0.3 * geometry.upward(points),
        *small.shape[:2],
    )
    labels[near > 0] = cv2.GC_PR_FGD
    labels[geometry.polygon(points, *small.shape[:2]) > 0] = cv2.GC_FGD
    chin = int(points[8, 1])
    labels[chin + 8 :, 15:-15] = cv2.GC_PR_FGD
    labels[:3], labels[:chin, :3], labels[:chin, -3:] = (cv2.GC_BGD,) * 3
    # Its clusters are drawn from a generator of the thread.
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    # The mask is given, and the rectangle not looked at.
    cv2.grabCut(small, labels, (0, 0, 1, 1), *models, 2, cv2.GC_INIT_WITH_MASK)
    person = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    soft = cv2.GaussianBlur(cv2.medianBlur(person, 5), (0, 0), 0.8)
    return np.clip(
        cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1
    )


def other_background(
    image_uint8: np.ndarray, landmarks: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The person before something else: smooth colours, stripes, boxes, grain.

    Sometimes the person is less sharp than what stands behind, as one that moves is.

    image_uint8: uint8 [H, W, 3]; landmarks: float32 [68, 2], pixels.
    """
    alpha = head_alpha(image_uint8, landmarks)[..., None]
    height, width = image_uint8.shape[:2]
    wall = _wall(height, width, rng)
    person = image_uint8
    if rng.random() < 0.12:
        person = blurred(image_uint8, rng)
    return np.rint(alpha * person + (1 - alpha) * wall).astype(np.uint8)


def _wall(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """float32 [H, W, 3] in 0..255."""
    base = rng.uniform(20, 235, 3) * rng.uniform(0.4, 1.0) + rng.normal(0, 10)
    nodes = int(rng.integers(2, 7))
    coarse = rng.normal(0, rng.uniform(3, 40), (nodes, nodes, 1)) + rng.normal(
        0, 6, (nodes, nodes, 3)
    )
    wall = base + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    wall = np.ascontiguousarray(wall, np.float32)
    for _ in range(int(rng.integers(0, 12))):
        corner = rng.uniform(0, (width, height)).tolist()
        size = rng.uniform(5, (0.6 * width, 0.6 * height)).tolist()
        turn = float(rng.choice([0.0, rng.uniform(0, 90)]))
        box = cv2.boxPoints((corner, size, turn))
        tone = [float(v) for v in base + rng.normal(0, 40) + rng.normal(0, 12, 3)]
        cv2.fillConvexPoly(wall, box.astype(np.int32), tone, cv2.LINE_AA)
    smooth = cv2.GaussianBlur(wall, (0, 0), np.exp(rng.uniform(-1.0, 2.5)))
    noise = rng.normal(0, rng.uniform(0, 6), smooth.shape)
    return np.clip(smooth + noise.astype(np.float32), 0, 255).astype(np.float32)
