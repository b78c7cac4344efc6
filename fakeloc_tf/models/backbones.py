"""Xception, cut after the deep tap, with its three taps (Fig. 2)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from fakeloc_tf.config import BackboneConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.normalization import BatchNormalization
from fakeloc_tf.models.separable import SeparableConv2D
from fakeloc_tf.models.transfer import copy_arrays, named_variables

logger = logging.getLogger(__name__)

TAPS = ("shallow", "middle", "deep")

# Layers of an application → ours with the same arguments and weights.
FASTER: dict[type[keras.layers.Layer], type[keras.layers.Layer]] = {
    keras.layers.BatchNormalization: BatchNormalization,
    keras.layers.SeparableConv2D: SeparableConv2D,
}


@dataclass(frozen=True)
class Backbone:
    """A Keras application and where it is tapped.

    Attributes:
        application: builds it, as `keras.applications` does.
        taps: tap → (stable layer name, whether its `output` or `input` is the tap).
        renamed: prefix of a name that Keras numbers per process → stable name, in
            which {} is the number of the residual block.
    """

    application: Callable[..., keras.Model]
    taps: dict[str, tuple[str, str]]
    renamed: dict[str, str]


# The paper counts blocks as the PyTorch Xception does: its block n is Keras' n + 1.
BACKBONES: dict[str, Backbone] = {
    "xception": Backbone(
        application=keras.applications.Xception,
        taps={
            "shallow": ("block1_conv2_act", "output"),
            "middle": ("block4_sepconv1_act", "input"),
            "deep": ("block13_sepconv1_act", "input"),
        },
        renamed={
            "conv2d": "block{}_shortcut",
            "batch_normalization": "block{}_shortcut_bn",
            "add": "block{}_add",
        },
    )
}


def build_backbone(
    config: BackboneConfig, image_size: int, *, batch_norm_momentum: float = 0.99
) -> keras.Model:
    """The feature extractor, cut after its deep tap.

    Args:
        config: name, width and initial weights.
        image_size: side S of the input in pixels.
        batch_norm_momentum: of the moving averages.

    Returns:
        A model named `backbone`: float32 [B, S, S, 3] in -1..1 → dict of the three
        TAPS, float32 [B, h, w, C]; for 299 at width 1: 147×147×64, 37×37×256 and
        19×19×728.

    Raises:
        FakelocError: the weights cannot be had, or do not fit.
    """
    if config.width != 1.0 and config.weights != "none":
        raise FakelocError(
            f"model.backbone.width={config.width} has no published weights; "
            "set model.backbone.weights=none, or width 1.0"
        )
    spec = BACKBONES[config.name]
    # Sides of None: the application refuses less than 71 pixels, without need.
    application = _application(spec, config.weights)
    stable = _stable_names(application, spec.renamed)
    model = keras.models.clone_model(
        _cut(application, spec.taps),
        input_tensors=keras.Input((image_size, image_size, 3), name="scaled_image"),
        clone_function=_cloner(stable, config.width, batch_norm_momentum),
    )
    model.name = "backbone"
    if config.weights != "none":
        source = {
            stable[layer.name] + "/" + variable.name: variable
            for layer in application.layers
            for variable in layer.weights
        }
        report = copy_arrays(source, named_variables(model))
        logger.info("backbone weights %s: %s", config.weights, report)
    return model


def scale_filters(filters: int, width: float) -> int:
    """A published filter count times `width`, 8 at least; unchanged at width 1."""
    return filters if width == 1.0 else max(8, round(filters * width))


def _application(spec: Backbone, weights: str) -> keras.Model:
    """The whole application without its top, with the weights that were asked for."""
    shape = (None, None, 3)
    if weights == "imagenet":
        try:
            return spec.application(
                weights="imagenet", include_top=False, input_shape=shape
            )
        except Exception as error:  # Keras raises bare Exception where a download fails
            raise FakelocError(
                f"ImageNet weights could not be downloaded ({error}). Fetch them on a "
                "machine with network access (`keras.applications.Xception("
                "include_top=False).save_weights('xception.weights.h5')`) and set "
                "model.backbone.weights=PATH, or train from scratch with "
                "model.backbone.weights=none"
            ) from error
    if weights != "none" and not Path(weights).is_file():
        raise FakelocError(
            f"model.backbone.weights={weights}: no such file; give imagenet, none, or "
            "the path of a weights file"
        )
    application = spec.application(weights=None, include_top=False, input_shape=shape)
    if weights != "none":
        try:
            application.load_weights(weights)
        except (OSError, ValueError, KeyError) as error:
            raise FakelocError(
                f"model.backbone.weights={weights} is no weights file of "
                f"keras.applications.{spec.application.__name__}(include_top=False): "
                f"{error}"
            ) from error
    return application


def _cut(application: keras.Model, taps: dict[str, tuple[str, str]]) -> keras.Model:
    outputs = {
        tap: getattr(application.get_layer(layer), side)
        for tap, (layer, side) in taps.items()
    }
    return keras.Model(application.input, outputs)


def _stable_names(application: keras.Model, renamed: dict[str, str]) -> dict[str, str]:
    """Layer name → the same name in every process (`add_7` → `block4_add`)."""
    names = {}
    # Residual blocks start with number 2; the n-th unnamed layer of a kind is theirs.
    block = dict.fromkeys(renamed, 2)
    for layer in application.layers:
        prefix = layer.name.rstrip("0123456789").rstrip("_")
        names[layer.name] = layer.name
        if prefix in renamed:
            names[layer.name] = renamed[prefix].format(block[prefix])
            block[prefix] += 1
    return names


def _cloner(
    names: dict[str, str], width: float, momentum: float
) -> Callable[[keras.layers.Layer], keras.layers.Layer]:
    """The clone function: stable names, thinner layers, synchronised statistics."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        config["name"] = names[layer.name]
        if "filters" in config:
            config["filters"] = scale_filters(config["filters"], width)
        if isinstance(layer, keras.layers.BatchNormalization):
            # Two replicas then equal one device; without replicas it changes nothing.
            config["synchronized"] = True
            config["momentum"] = momentum
        return FASTER.get(type(layer), type(layer)).from_config(config)

    return clone
