"""Pictures: read (EXIF rotation honoured), write, PNG bytes to and from arrays."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_bytes

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
JPEG_QUALITY = 85


def read_image(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a picture as uint8 [H, W, 3] RGB, turned as its EXIF orientation says.

    Raises:
        FakelocError: the file is missing, empty or no picture.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FakelocError(f"{path} cannot be read: {error.strerror}") from error
    return decode_image(data, source=str(path))


def decode_image(data: bytes, source: str = "picture") -> np.ndarray:
    """Decodes the bytes of any picture format to uint8 [H, W, 3] RGB.

    Raises:
        FakelocError: `data` is empty, no picture, or half of one; names `source`.
    """
    if not data:
        raise FakelocError(f"{source} is empty (0 bytes)")
    if _is_cut_jpeg(data):
        raise FakelocError(
            f"{source} breaks off: zeros follow, as after an interrupted copy"
        )
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FakelocError(f"{source} is not a picture that can be decoded")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _is_cut_jpeg(data: bytes) -> bool:
    """Whether zeros stand for the rest of a JPEG; decoders make them grey.

    Copies that reserve the file's size first leave this behind. Cameras pad whole files
    with zeros as well, after the end-of-image marker (ISO 10918-1, B.1.1.3).
    """
    if not (data.startswith(b"\xff\xd8") and data.endswith(bytes(64))):
        return False
    return not data.rstrip(b"\0").endswith(b"\xff\xd9")


def encode_png(image_uint8: np.ndarray) -> bytes:
    """PNG bytes of uint8 [H, W, 3] RGB or [H, W] grey."""
    if image_uint8.dtype != np.uint8:
        raise ValueError(
            f"`image_uint8` must be uint8. Received: dtype={image_uint8.dtype}"
        )
    if image_uint8.ndim == 3:
        image_uint8 = cv2.cvtColor(image_uint8, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".png", image_uint8)
    if not done:
        raise ValueError(f"PNG encoding failed. Received: shape={image_uint8.shape}")
    return data.tobytes()


def encode_jpeg(image_uint8: np.ndarray, quality: int = JPEG_QUALITY) -> bytes:
    """JPEG bytes of uint8 [H, W, 3] RGB; `quality` in 0..100."""
    bgr = cv2.cvtColor(image_uint8, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"JPEG encoding failed. Received: shape={image_uint8.shape}")
    return data.tobytes()


def decode_png(data: bytes) -> np.ndarray:
    """uint8 [H, W, 3] RGB or [H, W] grey, as the PNG holds it."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise FakelocError(f"PNG bytes cannot be decoded ({len(data)} bytes)")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image


def write_png(path: str | os.PathLike[str], image_uint8: np.ndarray) -> None:
    """Writes uint8 RGB or grey as PNG: whole, or not at all."""
    write_bytes(path, encode_png(image_uint8))
