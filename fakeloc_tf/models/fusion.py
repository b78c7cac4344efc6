"""What joins the heads: the attention classifier (§III-A), the fused map (Eq. 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from fakeloc_tf.models.backbones import TAPS
from fakeloc_tf.models.layouts import Layout, LayoutBuilder

# The paper draws a classifier and does not describe it; `paper` has the filter counts
# of the published code in separable blocks and, for any input size, an average.
CLASSIFIERS: dict[str, Layout] = {
    "paper": (("separable", 256), ("pool",), ("separable", 728), ("average",)),
    "official": (
        ("xception_block", 128),
        ("conv3_valid", 128),
        ("conv1", 256),
        ("norm_relu",),
        ("pool",),
        ("conv3_valid", 256),
        ("conv1", 728),
        ("norm_relu",),
        ("flatten",),
        ("dense", 100),
    ),
    # Without heads: the whole backbone, as it was published.
    "plain": (("average",),),
    # MesoNet's own. Its last layer is `label`.
    "mesonet": (
        ("flatten",),
        ("dropout",),
        ("dense", 16),
        ("leaky_relu",),
        ("dropout",),
    ),
}

# How the deep semantic map weighs the features.
ATTENTIONS = {"paper": "sigmoid", "official": "raw"}


@keras.saving.register_keras_serializable(package="fakeloc")
class SpatialAttention(keras.layers.Layer):
    """Features times the manipulation map of the deep semantic head (§III-A).

    Args:
        gate: `sigmoid` weighs with the probability (`paper`), `raw` with the logit
            itself, which may be negative (`official`).
    """

    def __init__(self, gate: str = "sigmoid", **kwargs: Any):
        super().__init__(**kwargs)
        if gate not in ("sigmoid", "raw"):
            raise ValueError(f"`gate` must be sigmoid or raw. Received: gate={gate!r}")
        self.gate = gate

    def call(self, features: Any, semantic_logits: Any) -> Any:
        """float32 [B, h, w, C] and [B, h, w, 1 or 2] (channel 0) → [B, h, w, C]."""
        logits = ops.cast(semantic_logits[..., :1], features.dtype)
        weight = ops.sigmoid(logits) if self.gate == "sigmoid" else logits
        return features * weight

    def compute_output_shape(
        self, features_shape: tuple[int, ...], semantic_logits_shape: tuple[int, ...]
    ) -> tuple[int, ...]:
        """The shape of the features."""
        return features_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"gate": self.gate}


def build_classifier(
    preset: str,
    feature_shapes: list[tuple[int, int, int]],
    map_shape: tuple[int, int, int] | None,
    methods: int,
    builder: LayoutBuilder,
) -> keras.Model:
    """The classifier on features, attended where there is a map: `classifier`.

    Args:
        preset: a key of CLASSIFIERS.
        feature_shapes: [h, w, C] of the last semantic and noise features, as far as
            there are heads; of the backbone's last map if there are none.
        map_shape: [h, w, C] of the deep semantic map; None = there is none, and the
            features are taken as they are.
        methods: classes of the head that names the method; 0 = no such head.
        builder: applies the layout.

    Returns:
        [features…, semantic logits if there are any] → dict of `features` float32
        [B, D], what the last layer sees; `label` float32 [B, 1] logits and, with
        methods, `method` float32 [B, methods] logits.
    """
    features = [
        keras.Input(shape, name=f"features{number}")
        for number, shape in enumerate(feature_shapes, start=1)
    ]
    inputs = list(features)
    tensor = features[0]
    if len(features) > 1:
        tensor = layers.Concatenate(name="concatenate")(features)
    if map_shape is not None:
        semantic_logits = keras.Input(map_shape, name="semantic_logits")
        inputs.append(semantic_logits)
        tensor = SpatialAttention(ATTENTIONS[preset], name="attention")(
            tensor, semantic_logits
        )
    tensor = builder.apply(CLASSIFIERS[preset], tensor, "classify")
    full = keras.config.floatx()
    outputs = {
        "features": layers.Activation("linear", dtype=full, name="features")(tensor),
        "label": layers.Dense(1, dtype=full, name="label")(tensor),
    }
    if methods:
        outputs["method"] = layers.Dense(methods, dtype=full, name="method")(tensor)
    return keras.Model(inputs, outputs, name="classifier")


def fuse_maps(
    semantic_logits: Mapping[str, Any],
    gamma: tuple[float, float, float],
    size: int,
) -> Any:
    """M̂ = γ1·M̂1↑ + γ2·M̂2↑ + γ3·M̂3↑ (Eq. 8).

    Args:
        semantic_logits: shallow, middle, deep → float32 [B, h, w, 1 or 2]; of two
            channels the first is the mask's. Of taps that are absent, γ is left out
            and that of the others scaled to a sum of 1 (Table VIII).
        gamma: weights of the three maps; their sum is 1.
        size: side S of the result, that of the input.

    Returns:
        float32 [B, S, S, 1] in 0..1: probabilities, resized bilinearly.
    """
    fused = 0.0
    for tap, weight in map_weights(gamma, tuple(semantic_logits)).items():
        probability = ops.sigmoid(semantic_logits[tap][..., :1])
        fused += weight * ops.image.resize(
            probability,
            (size, size),
            interpolation="bilinear",
            data_format="channels_last",
        )
    return fused


def map_weights(
    gamma: tuple[float, float, float], taps: Sequence[str]
) -> dict[str, float]:
    """Tap → weight of its map in Eq. 8, for the taps that there are; their sum is 1."""
    if abs(sum(gamma) - 1.0) > 1e-6:
        raise ValueError(f"`gamma` must sum to 1. Received: gamma={gamma}")
    weights = {t: g for t, g in zip(TAPS, gamma, strict=True) if t in taps}
    whole = sum(weights.values())
    if len(weights) != len(taps) or not whole:
        raise ValueError(
            "`taps` must be some of shallow, middle and deep, with a gamma above 0. "
            f"Received: taps={tuple(taps)}, gamma={gamma}"
        )
    return {tap: weight / whole for tap, weight in weights.items()}


@keras.saving.register_keras_serializable(package="fakeloc")
class MapFusion(keras.layers.Layer):
    """`fuse_maps` (Eq. 8) as a layer of the inference model."""

    def __init__(self, gamma: tuple[float, float, float], size: int, **kwargs: Any):
        super().__init__(**kwargs)
        # A list where a saved model is read: JSON has no tuples.
        self.gamma = (gamma[0], gamma[1], gamma[2])
        self.size = size

    def call(self, semantic_logits: Mapping[str, Any]) -> Any:
        """Dict of the taps' logits → float32 [B, S, S, 1] in 0..1."""
        return fuse_maps(semantic_logits, self.gamma, self.size)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"gamma": self.gamma, "size": self.size}
