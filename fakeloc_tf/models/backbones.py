"""Builds a backbone by name, cut after the deepest tap that is needed (Fig. 2)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from fakeloc_tf.config import BackboneConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.applications import BACKBONES, FINAL, TAPS, Backbone
from fakeloc_tf.models.normalization import BatchNormalization
from fakeloc_tf.models.pretrained import load_application
from fakeloc_tf.models.separable import SeparableConv2D
from fakeloc_tf.models.transfer import copy_arrays, named_variables

logger = logging.getLogger(__name__)

# Layers of an application → ours with the same arguments and weights.
FASTER: dict[type[keras.layers.Layer], type[keras.layers.Layer]] = {
    keras.layers.BatchNormalization: BatchNormalization,
    keras.layers.SeparableConv2D: SeparableConv2D,
}


def build_backbone(
    config: BackboneConfig,
    image_size: int,
    *,
    taps: Sequence[str] = TAPS,
    batch_norm_momentum: float = 0.99,
) -> keras.Model:
    """The feature extractor, cut after the deepest tap that is asked for.

    Args:
        config: name, width and initial weights.
        image_size: side S of the input in pixels.
        taps: some of TAPS and FINAL.
        batch_norm_momentum: of the moving averages.

    Returns:
        A model named `backbone`: float32 [B, S, S, 3], scaled by `scale` and `offset`
        of the backbone → dict of the taps, float32 [B, h, w, C]; Xception for 299 at
        width 1: 147×147×64, 37×37×256, 19×19×728 and, `final`, 10×10×2048.

    Raises:
        FakelocError: there are no weights, they cannot be had, or do not fit; the width
            is not 1 and the backbone or its weights know only that.
    """
    spec = BACKBONES[config.name]
    _check_width(config, spec)
    if config.weights != "none" and not spec.imagenet:
        raise FakelocError(
            f"model.backbone.weights={config.weights}: {config.name} is trained from "
            "scratch, as it was published; set model.backbone.weights=none"
        )
    wanted = [tap for tap in (*TAPS, FINAL) if tap in taps]
    if not wanted or len(wanted) != len(taps):
        known = (*TAPS, FINAL)
        raise ValueError(f"`taps` must be some of {known}. Received: taps={taps}")
    application = load_application(spec.application, spec.options, config.weights)
    names = _stable_names(application)
    operations = {names[part.name]: part for part in application.operations}
    outputs = {tap: operations[spec.taps[tap].layer].output for tap in wanted}
    model = keras.models.clone_model(
        keras.Model(application.input, outputs),
        input_tensors=keras.Input((image_size, image_size, 3), name="scaled_image"),
        clone_function=_cloner(names, config.width, batch_norm_momentum),
    )
    model.name = "backbone"
    if config.weights != "none":
        report = copy_arrays(
            _arrays(application, names, spec.bgr_kernel), named_variables(model)
        )
        logger.info("backbone weights %s: %s", config.weights, report)
    return model


def scale_filters(filters: int, width: float) -> int:
    """A published filter count times `width`, to the nearest multiple of 16 from 16 on.

    At width 1 it is unchanged, and so are counts below 16, as MesoNet has.

    Note: not only for speed. With counts such as 13 and 73 the convolutions of
    TensorFlow 2.16 on a CPU write beyond their memory in training: the process aborts,
    or goes on with other numbers.
    """
    if width == 1.0 or filters < 16:
        return filters
    return max(16, 16 * round(filters * width / 16))


def _check_width(config: BackboneConfig, spec: Backbone) -> None:
    if config.width == 1.0:
        return
    if not spec.thin:
        thin = [name for name, other in BACKBONES.items() if other.thin]
        raise FakelocError(
            f"model.backbone.width={config.width}: {config.name} cannot be made thin; "
            f"set model.backbone.width=1.0 or model.backbone.name={'|'.join(thin)}"
        )
    if config.weights != "none":
        raise FakelocError(
            f"model.backbone.width={config.width} has no published weights; "
            "set model.backbone.weights=none, or width 1.0"
        )


def _stable_names(application: keras.Model) -> dict[str, str]:
    """Name of every layer and operation → the same name in every process.

    A layer without a name of its own is called after its class by Keras, and numbered
    over everything that the process has built; here it is numbered, from 1, within
    the application: `add_37` → `add_2`.
    """
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for part in _operations(application):
        kind = part.name.rstrip("0123456789").rstrip("_")
        names[part.name] = part.name
        if kind.replace("_", "") == type(part).__name__.lower():
            seen[kind] += 1
            names[part.name] = f"{kind}_{seen[kind]}"
    return names


def _operations(model: keras.Model) -> Iterator[Any]:
    """Layers, and operations such as `a + b`, those of inner models too."""
    sequential = isinstance(model, keras.Sequential)
    for part in model.layers if sequential else model.operations:
        yield part
        if isinstance(part, keras.Model):
            yield from _operations(part)


def _cloner(
    names: Mapping[str, str], width: float, momentum: float
) -> Callable[[Any], Any]:
    """The clone function: stable names, thinner layers, synchronised statistics."""

    def clone(layer: Any) -> Any:
        if isinstance(layer, keras.Sequential):
            # Not by `recursive=True`, which keeps the number in its input's name.
            start = keras.Input(layer.input_shape[1:], name="input")
            parts = [clone(part) for part in layer.layers]
            return keras.Sequential([start, *parts], name=names[layer.name])
        config = layer.get_config()
        config["name"] = names[layer.name]
        if "filters" in config:
            config["filters"] = scale_filters(config["filters"], width)
        if isinstance(layer, keras.layers.BatchNormalization):
            # Two replicas then equal one device; without replicas it changes nothing.
            config["synchronized"] = True
            config["momentum"] = momentum
        if _is_depthwise(layer):
            return _depthwise(config)
        return FASTER.get(type(layer), type(layer)).from_config(config)

    return clone


def _arrays(
    application: keras.Model, names: Mapping[str, str], bgr_kernel: str | None
) -> dict[str, Any]:
    """Stable name of every array of the application → what the clone has for it."""
    arrays: dict[str, Any] = dict(named_variables(application, names))
    for layer in application.layers:
        if _is_depthwise(layer):
            kernel = f"{names[layer.name]}/kernel"
            # [h, w, 1, C] → [h, w, C, 1]
            arrays[kernel] = ops.swapaxes(arrays[kernel], 2, 3)
    if bgr_kernel is not None:
        kernel = f"{bgr_kernel}/kernel"
        # [h, w, 3, filters]: it then sees the same, of a picture in RGB.
        arrays[kernel] = ops.flip(arrays[kernel], 2)
    return arrays


def _is_depthwise(layer: Any) -> bool:
    """Whether a convolution has a group for every channel, as ConvNeXt's have."""
    return type(layer) is keras.layers.Conv2D and 1 < layer.groups == layer.filters


def _depthwise(config: dict[str, Any]) -> keras.layers.DepthwiseConv2D:
    """The same convolution as the layer made for it.

    TensorFlow has no kernel for groups on a CPU: Keras compiles those with XLA, which
    takes six times as long to train and which TF Serving need not have.
    """
    renamed = {
        "kernel_initializer": "depthwise_initializer",
        "kernel_regularizer": "depthwise_regularizer",
        "kernel_constraint": "depthwise_constraint",
    }
    kept = {
        renamed.get(key, key): value
        for key, value in config.items()
        if key not in ("filters", "groups")
    }
    return keras.layers.DepthwiseConv2D.from_config(kept)
