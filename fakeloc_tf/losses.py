"""The training objective L = L_c + λ1·L_n + λ2·L_b (Eq. 1), an example at a time.

Every function returns float32 [B], so that the trainer divides by the GLOBAL batch
once, whatever the number of replicas. Predictions are logits: no sigmoid comes before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from fakeloc_tf.models.backbones import TAPS


def classification_loss(label: Any, logits: Any) -> Any:
    """Binary cross-entropy of the face's label (Eq. 2).

    Args:
        label: float32 [B, 1]; 1 = manipulated.
        logits: float32 [B, 1].

    Returns:
        float32 [B], >= 0.
    """
    return ops.mean(_cross_entropy(label, logits), axis=-1)


def method_loss(method: Any, logits: Any) -> Any:
    """Categorical cross-entropy of the method (Eq. 2, five-way).

    Args:
        method: int [B], 0 = pristine.
        logits: float32 [B, classes].

    Returns:
        float32 [B], >= 0.
    """
    return ops.sparse_categorical_crossentropy(method, logits, from_logits=True)


def semantic_loss(target: Any, logits: Any) -> Any:
    """Cross-entropy a pixel, mean over one semantic map (Eq. 3).

    Args:
        target: float32 [B, h, w, 1] in 0..1; 1 = manipulated. Soft at the mask's edge.
        logits: float32 [B, h, w, 1], or [B, h, w, 2] in `official`, whose channels are
            two independent binary predictions, of the mask m and of 1 − m.

    Returns:
        float32 [B], >= 0.
    """
    if logits.shape[-1] == 2:
        target = ops.concatenate([target, 1.0 - target], axis=-1)
    return ops.mean(_cross_entropy(target, logits), axis=(1, 2, 3))


def noise_loss(target: Any, predicted: Any) -> Any:
    """ℓ1 distance, mean over one noise map (Eq. 6).

    Args:
        target: float32 [B, h, w, 1], |W|/σ >= 0.
        predicted: float32 [B, h, w, 1].

    Returns:
        float32 [B], >= 0.
    """
    return ops.mean(ops.abs(target - predicted), axis=(1, 2, 3))


@dataclass(frozen=True)
class LossWeights:
    """What multiplies each term of Eq. 1.

    Attributes:
        noise: λ1.
        mask: λ2.
        noise_maps: of the shallow, middle and deep noise map in L_n.
        mask_maps: of the shallow, middle and deep semantic map in L_b.
        real: of a real face's L_c.
        fake: of a fake face's L_c.
    """

    noise: float
    mask: float
    noise_maps: tuple[float, float, float] = (1.0, 1.0, 1.0)
    mask_maps: tuple[float, float, float] = (1.0, 1.0, 1.0)
    real: float = 1.0
    fake: float = 1.0


def total_loss(
    outputs: Mapping[str, Any],
    targets: Mapping[str, Any],
    weights: LossWeights,
    *,
    valid_share: Any = None,
) -> dict[str, Any]:
    """L = L_c + λ1·L_n + λ2·L_b (Eq. 1) of the parts that the model has.

    L_b and L_n are weighted sums over the maps. With `method` logits L_c is the sum of
    the binary and the categorical term, as both heads are trained.

    Faces without a usable mask have no L_b, and that must not make the others count
    less: L_b of a valid face is divided by the share of valid faces. The mean of
    `semantic` over the GLOBAL batch is then the mean of L_b over its valid faces, and
    that of `total` is Eq. 1 of those means.

    Args:
        outputs: of the detector.
        targets: `label` float32 [B, 1], `semantic_<tap>` and `noise_<tap>` float32
            [B, h, w, 1] of the maps' sizes, `mask_valid` [B] (0 or 1), and `method`
            int [B] in five-way; only what `outputs` needs.
        weights: of the terms.
        valid_share: scalar in 0..1, share of valid masks in the global batch; None =
            that of these targets, right for one replica only.

    Returns:
        float32 [B] each, as the model has them: `total`, `classification` (both parts
        of L_c), `method` (its categorical part), `semantic`, `noise`, and before their
        weights the single maps' `semantic_<tap>` and `noise_<tap>`.
    """
    terms = _semantic_terms(outputs, targets, weights, valid_share)
    terms |= _noise_terms(outputs, targets, weights)
    total: Any = 0.0
    if "label" in outputs:
        label = targets["label"]
        loss = classification_loss(label, outputs["label"])
        if "method" in outputs:
            terms["method"] = method_loss(targets["method"], outputs["method"])
            loss += terms["method"]
        fake = ops.cast(label[:, 0] > 0.5, loss.dtype)
        terms["classification"] = loss * (
            weights.real + (weights.fake - weights.real) * fake
        )
        total += terms["classification"]
    if "semantic" in terms:
        total += weights.mask * terms["semantic"]
    if "noise" in terms:
        total += weights.noise * terms["noise"]
    return terms | {"total": total}


def _semantic_terms(
    outputs: Mapping[str, Any],
    targets: Mapping[str, Any],
    weights: LossWeights,
    valid_share: Any,
) -> dict[str, Any]:
    """L_b of the maps there are, each face divided by the share of valid masks."""
    maps = _maps("semantic", weights.mask_maps, outputs)
    if not maps:
        return {}
    valid = ops.cast(targets["mask_valid"], keras.config.floatx())
    share = ops.mean(valid) if valid_share is None else valid_share
    # A batch without any mask has L_b = 0, not 0/0.
    scale = valid / ops.maximum(ops.cast(share, valid.dtype), 1e-6)
    terms = {name: scale * semantic_loss(targets[name], outputs[name]) for name in maps}
    return terms | {"semantic": _weighted_sum(terms, maps)}


def _noise_terms(
    outputs: Mapping[str, Any], targets: Mapping[str, Any], weights: LossWeights
) -> dict[str, Any]:
    """L_n of the maps there are."""
    maps = _maps("noise", weights.noise_maps, outputs)
    if not maps:
        return {}
    terms = {name: noise_loss(targets[name], outputs[name]) for name in maps}
    return terms | {"noise": _weighted_sum(terms, maps)}


def _maps(
    kind: str, weights: tuple[float, float, float], outputs: Mapping[str, Any]
) -> dict[str, float]:
    """`<kind>_<tap>` → weight, for the maps that the model has."""
    named = {f"{kind}_{t}": w for t, w in zip(TAPS, weights, strict=True)}
    return {name: weight for name, weight in named.items() if name in outputs}


def _weighted_sum(terms: Mapping[str, Any], weights: Mapping[str, float]) -> Any:
    return sum(weights[name] * terms[name] for name in weights)


def _cross_entropy(target: Any, logits: Any) -> Any:
    """Elementwise, from logits; stable for logits of any size."""
    return ops.maximum(logits, 0.0) - logits * target + ops.softplus(-ops.abs(logits))
