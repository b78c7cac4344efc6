"""The server's answer → what a `CropScorer` gives; nothing is taken unchecked."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media.images import decode_png
from fakeloc_tf.serving.client.errors import ServerError, malformed
from fakeloc_tf.serving.signatures import OK, PNG, STATUS


def output_names(info: ModelInfo, compact: bool) -> list[str]:
    """What is needed of an answer.

    Args:
        info: of the model.
        compact: the map as PNG, at 8 bits.
    """
    names = ["probability", PNG if compact else "localization", STATUS]
    return [*names, "method_probabilities"] if info.five_way else names


def read_scores(
    answer: dict[str, Any], info: ModelInfo, count: int, first: int, url: str
) -> dict[str, np.ndarray]:
    """Checks an answer and brings it to the contract of `CropScorer`.

    Args:
        answer: output name → array or nested list.
        info: of the model.
        count: crops that were sent.
        first: number of the first of them, for messages.
        url: of the server, for messages.

    Returns:
        float32 arrays: `probability` [N, 1], `localization` [N, S, S, 1] and, of a
        five-way model, `method_probabilities` [N, classes], all in 0..1.

    Raises:
        ServerError: an output is missing, has another shape or values that are no
            probabilities, or a crop could not be read.
    """
    _check_status(answer, count, first, url)
    shapes: dict[str, tuple[int, ...]] = {"probability": (1,)}
    shapes["localization"] = (info.image_size, info.image_size, 1)
    if info.five_way:
        shapes["method_probabilities"] = (len(info.classes),)
    if PNG in answer:
        answer = answer | {"localization": _maps(answer[PNG], info.image_size, url)}
    scores = {}
    for name, shape in shapes.items():
        values = _floats(answer, name, url)
        if values.shape != (count, *shape):
            reason = f"{name} has shape {list(values.shape)}, not {[count, *shape]}"
            raise malformed(url, reason)
        _check_range(values, name, first, url)
        scores[name] = values
    return scores


def _check_range(values: np.ndarray, name: str, first: int, url: str) -> None:
    """All are within 0 and 1, but for rounding."""
    # Not `<`, which a NaN would pass.
    good = ((values >= -1e-6) & (values <= 1 + 1e-6)).reshape(len(values), -1)
    if not good.all():
        row = first + int(np.argmin(good.all(axis=1)))
        raise malformed(url, f"{name} of crop {row} is not within 0 and 1")


def _check_status(answer: dict[str, Any], count: int, first: int, url: str) -> None:
    """Every crop was read."""
    status = _rows(_output(answer, STATUS, url), STATUS, url)
    if len(status) != count:
        raise malformed(url, f"{len(status)} rows for {count} crops")
    for row, text in enumerate(status, start=first):
        if not isinstance(text, bytes) or text != OK.encode():
            raise ServerError(
                f"{url} could not read crop {row} (status {text!r}); it was sent as "
                "PNG: does a proxy change requests on the way?"
            )


def _maps(pngs: Any, side: int, url: str) -> np.ndarray:
    """float32 [N, S, S, 1] in 0..1, to 1/510."""
    # The start of a PNG of this size. Looked at before anything is decoded: a few bytes
    # can be a picture of many GB, or one of another format.
    head = struct.pack(">8sI4sII", b"\x89PNG\r\n\x1a\n", 13, b"IHDR", side, side)
    rows = _rows(pngs, PNG, url)
    for png in rows:
        if not isinstance(png, bytes) or not png.startswith(head):
            raise malformed(url, f"{PNG} is no PNG of {side} × {side} pixels")
    try:
        maps = [decode_png(png) for png in rows]
        return np.stack(maps)[..., np.newaxis].astype(np.float32) / 255
    except (FakelocError, TypeError, ValueError) as error:
        raise malformed(url, error) from error


def _rows(values: Any, name: str, url: str) -> list[Any]:
    """A list of what has a row a crop."""
    try:
        return list(values)
    except TypeError as error:
        raise malformed(url, f"{name} has no rows") from error


def _floats(answer: dict[str, Any], name: str, url: str) -> np.ndarray:
    try:
        return np.asarray(_output(answer, name, url), np.float32)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, ServerError):
            raise
        raise malformed(url, f"{name}: {error}") from error


def _output(answer: dict[str, Any], name: str, url: str) -> Any:
    if name not in answer:
        raise malformed(url, f"there is no output {name}, only {sorted(answer)}")
    return answer[name]
