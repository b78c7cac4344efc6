"""IoU of several weights γ of Eq. 8, from one pass over a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fakeloc_tf.data import dataset, targets
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.metrics import MASK_THRESHOLD, iou
from fakeloc_tf.models.backbones import TAPS
from fakeloc_tf.models.fusion import fuse_maps
from fakeloc_tf.models.scorer import load_run

Gamma = tuple[float, float, float]
CANDIDATES: dict[str, Gamma] = {
    "paper's choice": (0.1, 0.2, 0.7),
    "shallow map": (1.0, 0.0, 0.0),
    "middle map": (0.0, 1.0, 0.0),
    "deep map": (0.0, 0.0, 1.0),
    "uniform": (1 / 3, 1 / 3, 1 / 3),
}
BATCH_SIZE = 32


def iou_of_gammas(
    run: Path,
    records: Path,
    split: str,
    gammas: Mapping[str, Gamma] = CANDIDATES,
) -> dict[str, float]:
    """`iou_image_fakes` of every γ.

    Args:
        run: of a detector with semantic heads at all three taps.
        records: prepared data set.
        split: train, val or test.
        gammas: name → weights of the shallow, middle and deep map; their sum is 1.

    Raises:
        FakelocError: the run has not all three maps, or there is no fake with a mask.
    """
    model, config, _ = load_run(run)
    if missing := [t for t in TAPS if f"semantic_{t}" not in model.output]:
        raise FakelocError(f"{run} has no semantic map at: {', '.join(missing)}")
    size = config.model.image_size
    upsample = _upsampler(model, size)
    found: dict[str, list[np.ndarray]] = {name: [] for name in gammas}
    with dataset.explain_broken_records(records, split):
        for image, true in _fakes(records, split, size):
            maps = upsample(image).numpy()
            for name, gamma in gammas.items():
                # The resize is linear: weighting after it gives Eq. 8 as well.
                fused = maps @ np.asarray(gamma, np.float32)
                found[name].append(iou(fused >= MASK_THRESHOLD, true >= MASK_THRESHOLD))
    keras.utils.clear_session()
    if not all(found.values()):
        raise FakelocError(f"{records}: no fake with a mask in the split {split!r}")
    return {n: float(np.concatenate(parts).mean()) for n, parts in found.items()}


def _fakes(records: Path, split: str, size: int) -> tf.data.Dataset:
    """(image float32 [B, S, S, 3], mask float32 [B, S, S]) of fakes with a mask."""

    def prepare(face: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        mask = targets.soft_mask(face["mask"], (size, size))[..., 0]
        return targets.model_input(face["image"], size), mask

    fakes = dataset.load_split(records, split).filter(
        lambda face: (face["label"] == 1) & (face["mask_valid"] == 1)
    )
    batches = fakes.map(prepare, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH_SIZE)
    return batches.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def _upsampler(model: keras.Model, size: int) -> Callable[[np.ndarray], tf.Tensor]:
    """Faces → probabilities of the three maps at the input size, [B, S, S, 3]."""
    only: dict[str, Gamma] = {
        "shallow": (1.0, 0.0, 0.0),
        "middle": (0.0, 1.0, 0.0),
        "deep": (0.0, 0.0, 1.0),
    }

    @tf.function(reduce_retracing=True)
    def upsample(image: tf.Tensor) -> tf.Tensor:
        outputs = model(image, training=False)
        logits = {tap: outputs[f"semantic_{tap}"] for tap in only}
        maps = [fuse_maps(logits, gamma, size) for gamma in only.values()]
        return tf.concat(maps, axis=-1)

    return upsample
