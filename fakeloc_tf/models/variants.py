"""Which heads and taps a configuration asks for, and which ones a model has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from fakeloc_tf.config import ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.applications import BACKBONES, TAPS
from fakeloc_tf.models.backbones import scale_filters

# Kinds of heads, in the order of the outputs.
KINDS = ("semantic", "noise")


def checked_kinds(heads: Sequence[str]) -> tuple[str, ...]:
    """`heads` in the order of KINDS.

    Raises:
        FakelocError: one is unknown or there twice.
    """
    kinds = tuple(kind for kind in KINDS if kind in heads)
    if len(kinds) != len(heads):
        raise FakelocError(
            f"model.heads={list(heads)}: must be semantic, noise, both or none, each "
            "once"
        )
    return kinds


def check_backbone(config: ModelConfig, heads: Sequence[str]) -> None:
    """Raises a FakelocError where there are heads and the backbone has no taps."""
    name = config.backbone.name
    if heads and not BACKBONES[name].has_taps:
        raise FakelocError(
            f"model.backbone.name={name} has no taps for model.heads={list(heads)}; "
            "it only says real or fake: set model.heads=[]"
        )


def checked_taps(config: ModelConfig) -> tuple[str, ...]:
    """`config.taps` in the order of TAPS.

    Raises:
        FakelocError: one is there twice, or `deep` is not among them.
    """
    taps = tuple(tap for tap in TAPS if tap in config.taps)
    if len(taps) != len(config.taps) or "deep" not in taps:
        raise FakelocError(
            f"model.taps={list(config.taps)}: must be some of shallow, middle and "
            "deep, each once, and deep among them: the classifier stands on it"
        )
    return taps


def check_gamma(config: ModelConfig, kinds: Sequence[str]) -> None:
    """Raises a FakelocError unless Eq. 8 has weights for the semantic maps."""
    if abs(sum(config.gamma) - 1.0) > 1e-6:
        raise FakelocError(f"model.gamma must sum to 1. Received: {config.gamma}")
    weights = dict(zip(TAPS, config.gamma, strict=True))
    if "semantic" in kinds and not any(weights[tap] for tap in config.taps):
        raise FakelocError(
            f"model.gamma={list(config.gamma)} gives no weight to model.taps="
            f"{list(config.taps)}"
        )


def check_compatible(model: keras.Model, config: ModelConfig) -> None:
    """Raises a FakelocError unless `model` is what `config` describes.

    A model without a classifier, of step 1, may have fewer heads than the config.
    """
    outputs = model.output
    _, preset, *named = model.name.split("_")
    # Before there were others, the name did not say it.
    backbone = named[0] if named else "xception"
    kinds = tuple(k for k in KINDS if any(o.startswith(f"{k}_") for o in outputs))
    expected_kinds: tuple[str, ...] = tuple(k for k in KINDS if k in config.heads)
    if "label" not in outputs and set(kinds) <= set(expected_kinds):
        expected_kinds = kinds
    pairs: dict[str, tuple[Any, Any]] = {
        "model.preset": (preset, config.preset),
        "model.backbone.name": (backbone, config.backbone.name),
        "model.image_size": (model.input.shape[1], config.image_size),
        "model.heads": (kinds, expected_kinds),
    }
    if kinds:
        found = tuple(tap for tap in TAPS if f"{kinds[0]}_{tap}" in outputs)
        wanted = tuple(tap for tap in TAPS if tap in config.taps)
        pairs["model.taps"] = (found, wanted)
    if "label" in outputs:
        methods = outputs["method"].shape[-1] if "method" in outputs else 0
        expected_methods = len(config.classes) if config.five_way else 0
        pairs["model.five_way (classes)"] = (methods, expected_methods)
    _compare(pairs)
    # Every width has its own channels at a tap.
    tap, channels = next(iter(model.get_layer("backbone").output.items()))
    published = BACKBONES[config.backbone.name].taps[tap].channels
    expected = scale_filters(published, config.backbone.width)
    key = f"model.backbone.width (channels of the {tap} tap)"
    _compare({key: (channels.shape[-1], expected)})


def _compare(pairs: Mapping[str, tuple[Any, Any]]) -> None:
    """Raises a FakelocError at the first key whose two values differ."""
    for key, (found, expected) in pairs.items():
        if found != expected:
            raise FakelocError(
                f"checkpoint and config do not fit: {key} is {found!r} in the "
                f"checkpoint and {expected!r} in the config; use the config.yaml of "
                "the run that wrote the checkpoint"
            )
