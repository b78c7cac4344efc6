"""What an export says, asked in a process that knows nothing but its folder.

A process that made the model could hide what the export forgot.
`python -m fakeloc_tf.serving.exports.answers EXPORT CROPS.npy ANSWERS.npz`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.inference.loading import INFO_FILE, find_model, load_model
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media.images import decode_png, encode_png
from fakeloc_tf.serving.signatures import BYTES, COMPACT, DESCRIBE, PNG

# How the crops are given: all at once, the first one alone, and all at once with a
# damaged one behind the first.
ALL, FIRST, DAMAGED = "all", "first", "damaged"

Outputs = dict[str, np.ndarray]


def answer(export: Path, crops_file: Path, answers_file: Path) -> None:
    """Runs an export on crops and saves what it says as `signature/case/output`.

    Args:
        export: folder of the export.
        crops_file: `.npy`, uint8 [N, C, C, 3] RGB.
        answers_file: `.npz` to write. An engine has the case `ALL` alone.
    """
    crops = np.load(crops_file)
    found = find_model(export)
    if found.format == "saved_model":
        info = ModelInfo.from_json(found.path / INFO_FILE)
        results = dict(_ask_saved_model(found.path, crops, info.image_size))
    else:
        results = {f"{found.engine}/{ALL}": load_model(export)[0](crops)}
    named: dict[str, Any] = {
        f"{call}/{name}": value
        for call, outputs in results.items()
        for name, value in outputs.items()
    }
    np.savez(answers_file, **named)


def _ask_saved_model(
    folder: Path, crops: np.ndarray, image_size: int
) -> Iterator[tuple[str, Outputs]]:
    """Every signature in every case, as TF Serving would be asked."""
    import tensorflow as tf

    from fakeloc_tf.data.targets import model_input
    from fakeloc_tf.inference.engines.tensorflow_engine import FACES

    loaded = tf.saved_model.load(str(folder))
    faces = model_input(crops, image_size)
    encoded = [encode_png(crop) for crop in crops]
    damaged = [encoded[0], encoded[0][: len(encoded[0]) // 2], *encoded[1:]]

    def ask(signature: str, **tensors: Any) -> Outputs:
        return _arrays(loaded.signatures[signature](**tensors))

    yield f"{FACES}/{ALL}", ask(FACES, faces=faces)
    yield f"{FACES}/{FIRST}", ask(FACES, faces=faces[:1])
    for signature in (BYTES, COMPACT):
        for case, batch in ((ALL, encoded), (FIRST, encoded[:1]), (DAMAGED, damaged)):
            tensor = tf.constant(batch)
            yield f"{signature}/{case}", ask(signature, image_bytes=tensor)
    yield f"{DESCRIBE}/{FIRST}", ask(DESCRIBE, query=tf.constant([""]))


def _arrays(tensors: dict[str, Any]) -> Outputs:
    """NumPy's; strings as UTF-8, PNGs decoded to 0..1, NaN for an empty one."""
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    if PNG in arrays:
        arrays[PNG] = _decoded(arrays[PNG])
    return {
        name: value.astype("S") if value.dtype == object else value
        for name, value in arrays.items()
    }


def _decoded(pngs: np.ndarray) -> np.ndarray:
    """float32 [N, S, S, 1] in 0..1."""
    maps = [decode_png(png)[..., np.newaxis] / 255 if png else None for png in pngs]
    size = next((one.shape for one in maps if one is not None), (1, 1, 1))
    empty = np.full(size, np.nan)
    return np.stack([empty if one is None else one for one in maps]).astype(np.float32)


if __name__ == "__main__":
    answer(*map(Path, sys.argv[1:]))
