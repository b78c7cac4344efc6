"""Semantic and noise heads: one map of logits or of noise at each tap (§III-B, C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers

from fakeloc_tf.models.layouts import BilinearResize, Layout, LayoutBuilder, double


@dataclass(frozen=True)
class Head:
    """A head's layers, before and after the features that the classifier may use.

    Attributes:
        features: from the tap to the features.
        output: from the features on.
        last: the layer that makes the map: `resize` is a 1×1 convolution, then
            bilinear to the tap's size (the same as the other way round, since both
            are linear, but with a fraction of the work); `double` and `transposed3`
            are transposed convolutions.
    """

    features: Layout
    output: Layout
    last: Literal["resize", "double", "transposed3"]


# The paper gives the channels of its separable convolutions only, and where the maps
# halve. In `paper` the convolutions halve them by their stride, where `official` pools
# after a convolution on the whole map: a fourth of the work with the same weights, and
# a training step makes 1.2 times the images a second (tools/bench_train.py).
# `official` is the published PyTorch code: no normalisation and no activation between
# its convolutions.
HEADS: dict[str, dict[str, Head]] = {
    "paper": {
        "shallow": Head(
            (("strided_separable", 128), ("strided_separable", 256)),
            (("separable", 64),),
            "resize",
        ),
        "middle": Head((("strided_separable", 512),), (), "resize"),
        "deep": Head(
            (("separable", 256), ("separable", 64)), (("separable", 16),), "resize"
        ),
    },
    "official": {
        "shallow": Head(
            (
                ("conv3", 64),
                ("conv1", 128),
                ("pool",),
                ("conv3", 128),
                ("conv1", 256),
                ("pool",),
            ),
            (("double", 64),),
            "double",
        ),
        "middle": Head((("conv3", 256), ("conv1", 512), ("pool",)), (), "double"),
        "deep": Head(
            (("conv3", 256), ("conv1", 64)), (("transposed3", 16),), "transposed3"
        ),
    },
}

# Channels of a semantic map: `official` predicts the mask m and 1 − m.
SEMANTIC_CHANNELS = {"paper": 1, "official": 2}
NOISE_CHANNELS = 1


def build_head(
    head: Head,
    tap_shape: tuple[int, int, int],
    channels: int,
    builder: LayoutBuilder,
    name: str,
) -> keras.Model:
    """One head as a model called `name`.

    Args:
        head: an entry of HEADS.
        tap_shape: height h, width w and channels C of the tap.
        channels: of the map.
        builder: applies the layouts.
        name: of the model, such as `semantic_deep_head`.

    Returns:
        float32 [B, h, w, C] → dict of `map` float32 [B, h, w, channels], unbounded
        (`official` may have another size than the tap), and `features`.
    """
    tap = keras.Input(tap_shape, name="tap")
    features = builder.apply(head.features, tap, "features")
    tensor = builder.apply(head.output, features, "output")
    outputs = {
        "features": features,
        "map": _last(head.last, tensor, tap_shape, channels),
    }
    return keras.Model(tap, outputs, name=name)


def _last(kind: str, tensor: Any, tap_shape: tuple[int, ...], channels: int) -> Any:
    # Full precision also where a policy of mixed precision is set: losses start here.
    if kind == "double":
        return double(tensor, "map", channels, dtype=keras.config.floatx())
    if kind == "transposed3":
        return layers.Conv2DTranspose(
            channels, 3, padding="same", dtype=keras.config.floatx(), name="map"
        )(tensor)
    tensor = layers.Conv2D(channels, 1, dtype=keras.config.floatx(), name="map")(tensor)
    if tuple(tensor.shape[1:3]) == tuple(tap_shape[:2]):
        return tensor
    return BilinearResize(*tap_shape[:2], dtype=keras.config.floatx(), name="resize")(
        tensor
    )
