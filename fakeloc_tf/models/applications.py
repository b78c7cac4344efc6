"""The backbones as data: Keras models, their taps (Fig. 2) and their input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras

from fakeloc_tf.models.mesonet import mesoinception4, mesonet4

TAPS = ("shallow", "middle", "deep")
# The last feature map of the whole application: for a classifier without heads.
FINAL = "final"


@dataclass(frozen=True)
class Tap:
    """Where a backbone is tapped.

    Attributes:
        layer: whose output it is, under its name of `_stable_names`.
        channels: of that output, at width 1.
    """

    layer: str
    channels: int


@dataclass(frozen=True)
class Backbone:
    """A Keras application, where it is tapped, and what input it expects.

    Attributes:
        application: builds it, as `keras.applications` does.
        taps: each of TAPS and FINAL; FINAL alone of a network that can have no heads.
        scale: brings 0..255 to what the ImageNet weights were trained on, with
            `offset`: x·scale + offset, one value or one a channel (RGB).
        offset: see `scale`.
        options: further arguments of `application`.
        thin: every convolution may have fewer filters (`width` below 1).
        bgr_kernel: the convolution that sees the picture, where the ImageNet weights
            expect its channels as BGR; its kernel is turned around, not the picture.
        classifier: on FINAL: a key of `models.fusion.CLASSIFIERS`.
        imagenet: there are ImageNet weights.
    """

    application: Callable[..., keras.Model]
    taps: Mapping[str, Tap]
    scale: float | tuple[float, ...] = 1 / 127.5
    offset: float | tuple[float, ...] = -1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    thin: bool = False
    bgr_kernel: str | None = None
    classifier: str = "plain"
    imagenet: bool = True

    @property
    def has_taps(self) -> bool:
        """Whether heads can be put on it."""
        return set(TAPS) <= set(self.taps)


# Mean and standard deviation of ImageNet's channels in 0..1, as Keras has them.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BY_CHANNEL: dict[str, Any] = {
    "scale": tuple(1 / (255 * std) for std in _STD),
    "offset": tuple(-mean / std for mean, std in zip(_MEAN, _STD, strict=True)),
}
# The detector scales its input itself.
_PLAIN_INPUT = {"include_preprocessing": False}

# MesoNet: pictures in 0..1, a classifier of its own, and too small to put heads on.
_MESONET: dict[str, Any] = {
    "taps": {FINAL: Tap("pool4", 16)},
    "scale": 1 / 255,
    "offset": 0.0,
    "thin": True,
    "classifier": "mesonet",
    "imagenet": False,
}

# Strides of the taps: 2, 8, 16 as in Xception; ConvNeXt, whose stem has stride 4, has
# 4, 8, 16.
BACKBONES: dict[str, Backbone] = {
    "xception": Backbone(
        application=keras.applications.Xception,
        # The paper counts blocks as the PyTorch Xception does: its block n is Keras'
        # n + 1. `add_2` ends Keras' block 3, `add_11` its block 12.
        taps={
            "shallow": Tap("block1_conv2_act", 64),
            "middle": Tap("add_2", 256),
            "deep": Tap("add_11", 728),
            FINAL: Tap("block14_sepconv2_act", 2048),
        },
        thin=True,
    ),
    "EfficientNetV2B0": Backbone(
        application=keras.applications.EfficientNetV2B0,
        taps={
            "shallow": Tap("block1a_project_activation", 16),
            "middle": Tap("block3b_add", 48),
            "deep": Tap("block5e_add", 112),
            FINAL: Tap("top_activation", 1280),
        },
        options=_PLAIN_INPUT,
        **_BY_CHANNEL,
    ),
    "EfficientNetV2S": Backbone(
        application=keras.applications.EfficientNetV2S,
        taps={
            "shallow": Tap("block1b_add", 24),
            "middle": Tap("block3d_add", 64),
            "deep": Tap("block5i_add", 160),
            FINAL: Tap("top_activation", 1280),
        },
        options=_PLAIN_INPUT,
        # Keras' own: 1/128, not 1/127.5.
        scale=1 / 128,
    ),
    "ConvNeXtTiny": Backbone(
        application=keras.applications.ConvNeXtTiny,
        # Its stages have 3, 3, 9 and 3 blocks; each ends with an addition.
        taps={
            "shallow": Tap("add_3", 96),
            "middle": Tap("add_6", 192),
            "deep": Tap("add_15", 384),
            FINAL: Tap("layer_normalization_1", 768),
        },
        options=_PLAIN_INPUT,
        **_BY_CHANNEL,
    ),
    "MobileNetV3Small": Backbone(
        application=keras.applications.MobileNetV3Small,
        taps={
            "shallow": Tap("activation_1", 16),
            "middle": Tap("expanded_conv_2_add", 24),
            "deep": Tap("expanded_conv_7_add", 48),
            FINAL: Tap("activation_18", 576),
        },
        options=_PLAIN_INPUT,
    ),
    "ResNet50": Backbone(
        application=keras.applications.ResNet50,
        taps={
            "shallow": Tap("conv1_relu", 64),
            "middle": Tap("conv3_block4_out", 512),
            "deep": Tap("conv4_block6_out", 1024),
            FINAL: Tap("conv5_block3_out", 2048),
        },
        # Keras has the weights of Caffe: minus the mean colour, not scaled.
        scale=1.0,
        offset=(-123.68, -116.779, -103.939),
        thin=True,
        bgr_kernel="conv1_conv",
    ),
    "MesoNet4": Backbone(application=mesonet4, **_MESONET),
    "MesoInception4": Backbone(application=mesoinception4, **_MESONET),
}
