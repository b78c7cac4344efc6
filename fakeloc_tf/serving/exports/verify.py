"""Does the exported model say what Keras says? `answers` asks it in a fresh process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.engines.contract import CropScorer
from fakeloc_tf.inference.engines.tensorflow_engine import FACES
from fakeloc_tf.inference.loading import INFO_FILE, find_model
from fakeloc_tf.serving.exports import answers
from fakeloc_tf.serving.signatures import (
    BYTES,
    COMPACT,
    DESCRIBE,
    OK,
    PNG,
    STATUS,
    UNREADABLE,
)

# Half a step of the eight bits of a PNG.
ROUNDING = 0.5 / 255
# What each signature adds to the outputs of a scorer, and what it leaves out.
ADDED = {FACES: (PNG,), BYTES: (PNG, STATUS), COMPACT: (PNG, STATUS)}
LEFT_OUT = {COMPACT: {"localization"}}
# Of what can only be right or wrong, and of what is missing.
WRONG = float("inf")


@dataclass(frozen=True)
class Difference:
    """Of one output from Keras', over all faces and pixels; absolute."""

    largest: float
    mean: float


def differences_from_keras(
    score: CropScorer, export: Path, crops_uint8: np.ndarray
) -> dict[str, Difference]:
    """Compares Keras here with an export in a fresh process.

    A SavedModel is asked with all crops at once, with the first alone and, as bytes,
    with a damaged one among them, which must cost only its own row.

    Args:
        score: of the Keras model.
        export: folder of the export.
        crops_uint8: uint8 [N, C, C, 3] RGB, C = the `crop_size` of the model.

    Returns:
        `signature/output` (of a SavedModel) or `engine/output` → the largest difference
        and the largest mean one of all cases. That of a PNG is what goes beyond its
        rounding; that of a status or a description is 0 or `WRONG`.

    Raises:
        FakelocError: the export cannot be loaded or run, or Keras answers NaN.
    """
    expected = score(crops_uint8)
    if not all(np.isfinite(value).all() for value in expected.values()):
        raise FakelocError("the model itself answers NaN: there is nothing to compare")
    got = _ask(export, crops_uint8)
    worst: dict[str, Difference] = {}
    for call, value in _wanted(export, expected).items():
        signature, _, output = call.split("/")
        difference = _difference(got.get(call), value, ROUNDING * (output == PNG))
        name = f"{signature}/{output}"
        before = worst.get(name, difference)
        worst[name] = Difference(
            max(before.largest, difference.largest), max(before.mean, difference.mean)
        )
    return worst


def _wanted(export: Path, expected: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """`signature/case/output`, as `answers` names them → what it should be."""
    found = find_model(export)
    if found.format != "saved_model":
        return {f"{found.engine}/{answers.ALL}/{n}": v for n, v in expected.items()}
    info = (found.path / INFO_FILE).read_text(encoding="utf-8").strip()
    described = {f"{DESCRIBE}/{answers.FIRST}/info": np.array([info.encode()])}
    return _of_saved_model(expected) | described


def _of_saved_model(expected: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The part of `_wanted` that is about scores."""
    statuses = np.array([OK] * len(expected["probability"]), f"S{len(UNREADABLE)}")
    rows = {**expected, PNG: expected["localization"], STATUS: statuses}
    wanted = {}
    for signature, added in ADDED.items():
        for name in sorted({*expected, *added} - LEFT_OUT.get(signature, set())):
            wanted[f"{signature}/{answers.ALL}/{name}"] = rows[name]
            wanted[f"{signature}/{answers.FIRST}/{name}"] = rows[name][:1]
            if STATUS in added:
                damaged = UNREADABLE if name == STATUS else np.nan
                wanted[f"{signature}/{answers.DAMAGED}/{name}"] = np.insert(
                    rows[name], 1, damaged, axis=0
                )
    return wanted


def _difference(
    got: np.ndarray | None, wanted: np.ndarray, allowed: float = 0.0
) -> Difference:
    """What is beyond the allowed; NaN is right where it is wanted, only."""
    wrong = Difference(WRONG, WRONG)
    if got is None or got.shape != wanted.shape:
        return wrong
    if wanted.dtype.kind == "S":
        return Difference(0.0, 0.0) if np.array_equal(got, wanted) else wrong
    if (np.isnan(got) != np.isnan(wanted)).any():
        return wrong
    off = np.maximum(np.abs(got.astype(np.float64) - wanted) - allowed, 0.0)
    return Difference(float(np.nanmax(off)), float(np.nanmean(off)))


def _ask(export: Path, crops_uint8: np.ndarray) -> dict[str, np.ndarray]:
    """What the export says in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="fakeloc-verify-") as folder:
        crops, file = Path(folder) / "crops.npy", Path(folder) / "answers.npz"
        np.save(crops, crops_uint8)
        call = [sys.executable, "-m", answers.__name__, str(export)]
        done = subprocess.run(
            [*call, str(crops), str(file)], capture_output=True, text=True
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise FakelocError(f"{export} cannot be run: {reason[0]}")
        with np.load(file) as got:
            return dict(got)
