"""A detector in two parts, before and behind its deep tap, with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from fakeloc_tf.models.applications import BACKBONES, FINAL, TAPS
from fakeloc_tf.models.variants import KINDS


@dataclass(frozen=True)
class DetectorParts:
    """What lies on either side of the deep tap.

    Attributes:
        taps: float32 [B, S, S, 3] in 0..255 → dict of shallow, middle and deep,
            float32 [B, h, w, C]; all three, whichever of them have heads.
        label: deep features float32 [B, h, w, C] → logit float32 [B, 1].
    """

    taps: keras.Model
    label: Callable[[Any], Any]


def split_detector(detector: keras.Model, backbone_name: str) -> DetectorParts:
    """Cuts a detector at the deep tap of its backbone.

    Args:
        detector: of `build_detector`, with a classifier, or `inference_model` of it.
        backbone_name: key of BACKBONES that it was built with.
    """
    backbone = detector.get_layer("backbone")
    inner = {part.name: part.output for part in backbone.operations}
    tapped = {t: inner[BACKBONES[backbone_name].taps[t].layer] for t in TAPS}
    features = keras.Model(backbone.input, tapped)
    taps = keras.Model(
        detector.input, features(detector.get_layer("scale")(detector.input))
    )
    kinds = [kind for kind in KINDS if f"{kind}_deep" in detector.output]
    classifier = detector.get_layer("classifier")
    if not kinds:
        rest = keras.Model(tapped["deep"], backbone.output[FINAL])
        return DetectorParts(
            taps, lambda deep: classifier([rest(deep)], training=False)["label"]
        )
    heads = {kind: detector.get_layer(f"{kind}_deep_head") for kind in kinds}

    def label(deep: Any) -> Any:
        made = {kind: head(deep, training=False) for kind, head in heads.items()}
        inputs = [made[kind]["features"] for kind in kinds]
        if "semantic" in made:
            inputs.append(made["semantic"]["map"])
        return classifier(inputs, training=False)["label"]

    return DetectorParts(taps, label)
