"""The pictures that the report shows of a face, as files beside the results."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from fakeloc_tf.files import write_bytes
from fakeloc_tf.inference.overlay import DrawnFace, heat_rgba, scene
from fakeloc_tf.media.boxes import crop
from fakeloc_tf.media.images import encode_jpeg, encode_png

FOLDER = "evidence"
SCENE_SIDE = 640
# Crops of larger models are shown at this size: a page holds hundreds of them.
MAX_SIDE = 320
# The paper's for raw and lightly compressed video; the page says it.
NOISE_SIGMA = 5.0
# |W| of a clean camera picture is about 1 grey level (median of 24 demo portraits at
# 299 × 299 pixels: 1.1, their 99th percentile: 6.6): dark grey, edges white.
NOISE_GAIN = 40.0
# Noise does not compress: 16 greys look the same in 60 % of the bytes of 256.
_NOISE_STEP = 17.0
# The same for the map: 69 levels.
_HEAT_STEP = 3.75


def write_evidence(
    folder: Path,
    name: str,
    image_uint8: np.ndarray,
    face: DrawnFace,
    *,
    crop_size: int = 299,
) -> dict[str, str]:
    """Writes the four pictures of a face into `folder/evidence`.

    It needs no TensorFlow.

    Args:
        folder: of the results.
        name: of this face, without suffix; no two faces share one.
        image_uint8: uint8 [H, W, 3] RGB, the whole picture.
        face: the face with its map.
        crop_size: side in pixels at which the model's crop was cut
            (`ModelInfo.crop_size`).

    Returns:
        Paths below `folder`: `crop`, what the model looked at; `heat`, its map, RGBA of
        the same size; `noise`, |W| of the crop (Eq. 5) times `NOISE_GAIN`, grey;
        `scene`, the whole picture with the face marked.
    """
    side = min(crop_size, MAX_SIDE)
    part = crop(image_uint8, face.crop_box, crop_size)
    shown = part if side == crop_size else crop(image_uint8, face.crop_box, side)
    files = {
        "crop": (f"{name}_crop.jpg", encode_jpeg(shown)),
        "heat": (
            f"{name}_heat.png",
            encode_png(_heat(face.localization, side), small=True),
        ),
        "noise": (f"{name}_noise.png", encode_png(_noise(part), small=True)),
        "scene": (
            f"{name}_scene.jpg",
            encode_jpeg(scene(image_uint8, face, SCENE_SIDE)),
        ),
    }
    for file_name, data in files.values():
        write_bytes(folder / FOLDER / file_name, data)
    return {kind: f"{FOLDER}/{file_name}" for kind, (file_name, _) in files.items()}


def _heat(localization: np.ndarray, side: int) -> np.ndarray:
    """The map, uint8 [side, side, 4] RGBA."""
    level = cv2.resize(localization.astype(np.float32), (side, side))
    return heat_rgba(np.round(level * 255 / _HEAT_STEP) * _HEAT_STEP / 255)


def _noise(part: np.ndarray) -> np.ndarray:
    """|W| of a crop made visible: uint8 [H, W]."""
    # Numba takes a moment to import: only where there is a face.
    from fakeloc_tf.noise import gray_magnitude, noise_residual

    bright = NOISE_GAIN * gray_magnitude(noise_residual(part, NOISE_SIGMA))
    stepped = np.round(bright / _NOISE_STEP) * _NOISE_STEP
    return np.clip(stepped, 0, 255).astype(np.uint8)
