"""The detector: backbone, heads and classifier, with named outputs (Fig. 2).

Input: float32 [B, S, S, 3], RGB in 0..255; scaling to what the backbone expects (for
Xception -1..1) is inside of the model. Output, a dict:

| name | float32 | what |
|---|---|---|
| label | [B, 1] | logit, > 0 = manipulated |
| method | [B, classes] | logits, only with `five_way` |
| features | [B, D] | what the classifier's last layer sees |
| semantic_shallow, _middle, _deep | [B, h, w, 1] | logits (`official`: 2 channels) |
| noise_shallow, _middle, _deep | [B, h, w, 1] | noise magnitude over σ |

With semantic heads the classifier's features are weighted by the deep semantic map.
With noise heads alone they are taken as they are, and without any heads the classifier
stands on the whole backbone (Table VII; MesoNet, which can have none, has a classifier
of its own). Taps may be left out (Table VIII).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
from keras import layers

from fakeloc_tf.config import ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import fusion
from fakeloc_tf.models.applications import BACKBONES, FINAL, TAPS
from fakeloc_tf.models.backbones import build_backbone
from fakeloc_tf.models.heads import (
    HEADS,
    NOISE_CHANNELS,
    SEMANTIC_CHANNELS,
    build_head,
)
from fakeloc_tf.models.layouts import LayoutBuilder
from fakeloc_tf.models.variants import (
    KINDS,
    check_backbone,
    check_compatible,
    check_gamma,
    checked_kinds,
    checked_taps,
)


def build_detector(
    config: ModelConfig,
    *,
    heads: Sequence[str] | None = None,
    classifier: bool = True,
) -> keras.Model:
    """The detector, or the part of it that a step of the training needs.

    Layers of the same name have the same shape whatever parts are built, but for the
    classifier, whose input depends on the heads.

    Args:
        config: preset, sizes, heads, taps and backbone.
        heads: some of semantic and noise; None = those of `config`.
        classifier: add `label` and, with `config.five_way`, `method`.

    Returns:
        The model of the module's docstring, called `fakeloc_<preset>_<backbone>`.

    Raises:
        FakelocError: backbone weights cannot be had, the preset cannot have this image
            size, or heads, taps, γ and backbone do not go together.
    """
    kinds = checked_kinds(config.heads if heads is None else heads)
    if not kinds and not classifier:
        raise ValueError("`heads` is empty and `classifier` False: nothing to build")
    check_backbone(config, kinds)
    taps = checked_taps(config) if kinds else (FINAL,)
    check_gamma(config, kinds)
    size = config.image_size
    spec = BACKBONES[config.backbone.name]
    image = keras.Input((size, size, 3), name="image")
    scaled = layers.Rescaling(spec.scale, offset=spec.offset, name="scale")(image)
    backbone = build_backbone(
        config.backbone,
        size,
        taps=taps,
        batch_norm_momentum=config.batch_norm_momentum,
    )
    maps = backbone(scaled)
    builder = LayoutBuilder(config.backbone.width, config.batch_norm_momentum)
    outputs, features = _apply_heads(config.preset, kinds, maps, builder)
    if classifier:
        layout = config.preset if kinds else spec.classifier
        features = features or [maps[FINAL]]
        logits = outputs.get("semantic_deep")
        outputs |= _classify(config, layout, features, logits, builder)
    name = f"fakeloc_{config.preset}_{config.backbone.name}"
    return keras.Model(image, outputs, name=name)


def inference_model(
    detector: keras.Model, config: ModelConfig, temperature: float = 1.0
) -> keras.Model:
    """The detector with `probability` and `localization` added to its outputs.

    Args:
        detector: of `build_detector`; shares its weights.
        config: the one that it was built with.
        temperature: T of `probability` = sigmoid(`label` / T), which stays a layer of
            the model wherever it is exported to; 1 = not calibrated.

    Returns:
        A model with the detector's input and outputs and `probability` float32 [B, 1]
        in 0..1 (only with a classifier), `localization` float32 [B, S, S, 1] in 0..1
        (Eq. 8; only with semantic heads).

    Raises:
        FakelocError: `detector` was built with another config.
    """
    check_compatible(detector, config)
    outputs = dict(detector.output)
    maps = {t: outputs[f"semantic_{t}"] for t in TAPS if f"semantic_{t}" in outputs}
    if "label" in outputs:
        scaled = layers.Rescaling(1.0 / temperature, name="temperature")
        probability = layers.Activation("sigmoid", name="probability")
        outputs["probability"] = probability(scaled(outputs["label"]))
    if maps:
        outputs["localization"] = fusion.MapFusion(
            config.gamma, config.image_size, name="localization"
        )(maps)
    return keras.Model(detector.input, outputs, name=f"{detector.name}_inference")


def map_sizes(model: keras.Model) -> dict[str, tuple[int, int]]:
    """Tap → height and width of its maps, for the taps that the model has maps of."""
    return {
        tap: tuple(model.output[f"{kind}_{tap}"].shape[1:3])
        for tap in TAPS
        for kind in KINDS
        if f"{kind}_{tap}" in model.output
    }


def load_detector(path: str | os.PathLike[str]) -> keras.Model:
    """Reads a detector that was saved as `.keras`.

    Raises:
        FakelocError: the file is missing, broken, or holds another model.
    """
    path = Path(path)
    if not path.is_file():
        raise FakelocError(f"checkpoint {path} does not exist")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras passes on whatever zip, JSON and HDF5 raise
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise FakelocError(
            f"checkpoint {path} cannot be read: {reason[0]}; expected the best.keras "
            "of a run, as `fakeloc train` writes it"
        ) from error
    outputs = getattr(model, "output", None)
    if not (isinstance(outputs, dict) and model.name.startswith("fakeloc_")):
        raise FakelocError(
            f"checkpoint {path} is a Keras model, but no fakeloc detector; expected "
            "the best.keras of a run"
        )
    return model


def _apply_heads(
    preset: str, kinds: Sequence[str], maps: Mapping[str, Any], builder: LayoutBuilder
) -> tuple[dict[str, Any], list[Any]]:
    """A head of every kind at every tap.

    Returns:
        (`<kind>_<tap>` → map, the features of the deep heads).
    """
    channels = {"semantic": SEMANTIC_CHANNELS[preset], "noise": NOISE_CHANNELS}
    outputs, features = {}, []
    for kind in kinds:
        for tap, tensor in maps.items():
            head = build_head(
                HEADS[preset][tap],
                tuple(tensor.shape[1:]),
                channels[kind],
                builder,
                f"{kind}_{tap}_head",
            )
            result = head(tensor)
            outputs[f"{kind}_{tap}"] = result["map"]
            if tap == "deep":
                features.append(result["features"])
    return outputs, features


def _classify(
    config: ModelConfig,
    layout: str,
    features: list[Any],
    semantic_logits: Any,
    builder: LayoutBuilder,
) -> dict[str, Any]:
    """`label` and `method` logits from features, weighted by a map if there is one."""
    attended = semantic_logits is not None
    deep = tuple(features[0].shape[1:3])
    try:
        classifier = fusion.build_classifier(
            layout,
            [tuple(tensor.shape[1:]) for tensor in features],
            tuple(semantic_logits.shape[1:]) if attended else None,
            len(config.classes) if config.five_way else 0,
            builder,
        )
    except ValueError as error:
        raise FakelocError(
            f"model.preset={config.preset} cannot have model.image_size="
            f"{config.image_size}: its classifier runs out of pixels on a deep map of "
            f"{deep}; use 299, or preset=paper"
        ) from error
    return classifier([*features, semantic_logits] if attended else features)
