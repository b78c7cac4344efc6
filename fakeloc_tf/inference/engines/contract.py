"""What every engine takes and gives. Nothing here imports a framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from fakeloc_tf.errors import FakelocError

# uint8 [N, C, C, 3] RGB face crops → named float32 arrays:
# `probability` [N, 1] in 0..1 of being manipulated, `localization` [N, S, S, 1] in 0..1
# (Eq. 8) and, from a five-way model, `method_probabilities` [N, classes].
# The preprocessing is the engine's own, as in training.
CropScorer = Callable[[np.ndarray], dict[str, np.ndarray]]

REQUIRED = frozenset({"probability", "localization"})
OUTPUTS = REQUIRED | {"method_probabilities"}


def one_by_one(
    run: Callable[[np.ndarray], dict[str, np.ndarray]], crop_size: int
) -> CropScorer:
    """A scorer of an engine that is given one face at a time.

    ONNX Runtime and OpenVINO are no faster on a CPU with more faces at once, and take
    40 MB (OpenVINO) or 90 MB (ONNX Runtime) more for each at 299 pixels; LiteRT's
    exports take no more than one.

    Args:
        run: uint8 [1, C, C, 3] → named arrays with a leading 1.
        crop_size: C.
    """

    def score(crops_uint8: np.ndarray) -> dict[str, np.ndarray]:
        side = crops_uint8.shape[1:]
        if side != (crop_size, crop_size, 3):
            raise ValueError(
                f"`crops_uint8` must be [N, {crop_size}, {crop_size}, 3]. Received: "
                f"{crops_uint8.shape}"
            )
        rows = [run(crops_uint8[at : at + 1]) for at in range(len(crops_uint8))]
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    return score


def check_outputs(names: Sequence[str], where: object) -> None:
    """Raises a FakelocError unless the model has the outputs of a detector.

    Args:
        names: of the model's outputs.
        where: the model came from, for the message.
    """
    if missing := sorted(REQUIRED - set(names)):
        raise FakelocError(
            f"{where} has no output {', '.join(missing)}; is it an export of `fakeloc "
            "export`?"
        )
