"""The detector and its backbone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fakeloc_tf.config.section import Factor, Section, Share, Tap


class BackboneConfig(Section):
    """The feature extractor.

    Attributes:
        name: a key of `models.backbones.BACKBONES`.
        width: factor on every filter count; 1.0 is the published network, less is a
            thin one for demos, without ImageNet weights (Xception, ResNet50, MesoNet).
        weights: `imagenet` (downloaded by Keras), `none`, or the path of a
            `.weights.h5` of the Keras application without its top. MesoNet has none.
    """

    name: Literal[
        "xception",
        "EfficientNetV2B0",
        "EfficientNetV2S",
        "ConvNeXtTiny",
        "MobileNetV3Small",
        "ResNet50",
        "MesoNet4",
        "MesoInception4",
    ] = "xception"
    width: Factor = 1.0
    weights: str = "imagenet"


class ModelConfig(Section):
    """The detector.

    Attributes:
        preset: `paper` (the text of the paper) or `official` (the published code).
        classes: names of the methods, index 0 = pristine.
        five_way: add the head that names the method (`method` logits).
        image_size: side of the input in pixels.
        heads: which heads there are; without any, the classifier stands on the whole
            backbone (the first row of Table VII). MesoNet can have none.
        taps: where heads are; the classifier needs `deep` (Table VIII).
        gamma: weights of the shallow, middle and deep map in Eq. 8; their sum is 1.
            Those of absent taps are left out and the others scaled to a sum of 1.
        batch_norm_momentum: of the moving averages; a run of a few hundred batches
            needs faster ones than Keras' 0.99.
    """

    preset: Literal["paper", "official"] = "paper"
    classes: tuple[str, ...] = (
        "pristine",
        "Deepfakes",
        "Face2Face",
        "FaceSwap",
        "NeuralTextures",
    )
    five_way: bool = False
    image_size: Annotated[int, Field(ge=64)] = 299
    heads: tuple[Literal["semantic", "noise"], ...] = ("semantic", "noise")
    taps: tuple[Tap, ...] = ("shallow", "middle", "deep")
    gamma: tuple[Share, Share, Share] = (0.1, 0.2, 0.7)
    batch_norm_momentum: Share = 0.99
    backbone: BackboneConfig = BackboneConfig()
