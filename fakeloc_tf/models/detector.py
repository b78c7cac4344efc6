"""The detector: backbone, heads and classifier, with named outputs (Fig. 2).

Input: float32 [B, S, S, 3], RGB in 0..255; scaling to -1..1 is inside of the model.
Output, a dict:

| name | float32 | what |
|---|---|---|
| label | [B, 1] | logit, > 0 = manipulated |
| method | [B, classes] | logits, only with `five_way` |
| semantic_shallow, _middle, _deep | [B, h, w, 1] | logits (`official`: 2 channels) |
| noise_shallow, _middle, _deep | [B, h, w, 1] | noise magnitude over σ |
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import keras
from keras import layers

from fakeloc_tf.config import ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import fusion, heads
from fakeloc_tf.models.backbones import TAPS, build_backbone, scale_filters
from fakeloc_tf.models.layouts import LayoutBuilder

logger = logging.getLogger(__name__)


def build_detector(
    config: ModelConfig, *, noise_heads: bool = True, classifier: bool = True
) -> keras.Model:
    """The detector, or the part of it that step 1 of the training needs.

    Layers of the same name have the same shape whatever parts are built, but for the
    classifier, whose input is narrower without the noise heads.

    Args:
        config: preset, sizes and backbone.
        noise_heads: add `noise_*`.
        classifier: add `label` and, with `config.five_way`, `method`.

    Returns:
        The model of the module's docstring, called `fakeloc_<preset>`.

    Raises:
        FakelocError: backbone weights cannot be had, or the preset cannot have this
            image size.
    """
    if abs(sum(config.gamma) - 1.0) > 1e-6:
        raise FakelocError(f"model.gamma must sum to 1. Received: {config.gamma}")
    size = config.image_size
    image = keras.Input((size, size, 3), name="image")
    scaled = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(image)
    backbone = build_backbone(
        config.backbone, size, batch_norm_momentum=config.batch_norm_momentum
    )
    taps = backbone(scaled)
    builder = LayoutBuilder(config.backbone.width, config.batch_norm_momentum)
    outputs: dict[str, Any] = {}
    deep_features = []
    channels = {"semantic": heads.SEMANTIC_CHANNELS[config.preset]}
    if noise_heads:
        channels["noise"] = heads.NOISE_CHANNELS
    for kind, count in channels.items():
        for tap in TAPS:
            head = heads.build_head(
                heads.HEADS[config.preset][tap],
                tuple(taps[tap].shape[1:]),
                count,
                builder,
                f"{kind}_{tap}_head",
            )
            result = head(taps[tap])
            outputs[f"{kind}_{tap}"] = result["map"]
            if tap == "deep":
                deep_features.append(result["features"])
    if classifier:
        outputs |= _classify(config, deep_features, outputs["semantic_deep"], builder)
    return keras.Model(image, outputs, name=f"fakeloc_{config.preset}")


def inference_model(detector: keras.Model, config: ModelConfig) -> keras.Model:
    """The detector with `probability` and `localization` added to its outputs.

    Args:
        detector: of `build_detector`; shares its weights.
        config: the one that it was built with.

    Returns:
        A model with the detector's input and outputs and `probability` float32 [B, 1]
        in 0..1 (only with a classifier), `localization` float32 [B, S, S, 1] in 0..1
        (Eq. 8).

    Raises:
        FakelocError: `detector` was built with another config.
    """
    check_compatible(detector, config)
    outputs = dict(detector.output)
    maps = {tap: outputs[f"semantic_{tap}"] for tap in TAPS}
    if "label" in outputs:
        probability = layers.Activation("sigmoid", name="probability")
        outputs["probability"] = probability(outputs["label"])
    outputs["localization"] = fusion.MapFusion(
        config.gamma, config.image_size, name="localization"
    )(maps)
    return keras.Model(detector.input, outputs, name=f"{detector.name}_inference")


def map_sizes(model: keras.Model) -> dict[str, tuple[int, int]]:
    """Tap → height and width of its maps, as the model has them."""
    return {tap: tuple(model.output[f"semantic_{tap}"].shape[1:3]) for tap in TAPS}


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
    if not (isinstance(outputs, dict) and "semantic_deep" in outputs):
        raise FakelocError(
            f"checkpoint {path} is a Keras model, but no fakeloc detector; expected "
            "the best.keras of a run"
        )
    return model


def check_compatible(model: keras.Model, config: ModelConfig) -> None:
    """Raises a FakelocError unless `model` is what `config` describes."""
    outputs = model.output
    # Every width has its own channels at a tap.
    tap_channels = model.get_layer("backbone").output["shallow"].shape[-1]
    method = outputs["method"].shape[-1] if "method" in outputs else 0
    expected_method = len(config.classes) if config.five_way else 0
    pairs = {
        "model.preset": (model.name.removeprefix("fakeloc_"), config.preset),
        "model.image_size": (model.input.shape[1], config.image_size),
        "model.backbone.width (channels of the shallow tap)": (
            tap_channels,
            scale_filters(64, config.backbone.width),
        ),
    }
    if "label" in outputs:
        pairs["model.five_way (classes)"] = (method, expected_method)
    for key, (found, expected) in pairs.items():
        if found != expected:
            raise FakelocError(
                f"checkpoint and config do not fit: {key} is {found!r} in the "
                f"checkpoint and {expected!r} in the config; use the config.yaml of "
                "the run that wrote the checkpoint"
            )


def _classify(
    config: ModelConfig, features: list[Any], semantic_logits: Any, builder: Any
) -> dict[str, Any]:
    """`label` and `method` logits from the deep features."""
    try:
        classifier = fusion.build_classifier(
            config.preset,
            [tuple(tensor.shape[1:]) for tensor in features],
            tuple(semantic_logits.shape[1:]),
            len(config.classes) if config.five_way else 0,
            builder,
        )
    except ValueError as error:
        raise FakelocError(
            f"model.preset={config.preset} cannot have model.image_size="
            f"{config.image_size}: its classifier runs out of pixels on a deep map of "
            f"{tuple(semantic_logits.shape[1:3])}; use 299, or preset=paper"
        ) from error
    return classifier([*features, semantic_logits])
