"""MesoNet's two networks (Afchar et al., WIFS 2018), from picture to last map.

Their classifier is `mesonet` of `models.fusion.CLASSIFIERS`. With it, for a picture of
256 pixels and one logit, they have the paper's 27,977 and 28,615 trainable parameters.
Layers as in the authors' published Keras code; the paper's figures agree with it.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

# Filters of the 1×1 convolution and of the 3×3 ones with dilation 1, 2 and 3.
INCEPTIONS = ((1, 4, 4, 2), (2, 4, 4, 2))
# Filters, side of the kernel, side of the pooling after it.
MESO4 = ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4))


def mesonet4(
    weights: None, include_top: bool, input_shape: tuple[int | None, ...]
) -> keras.Model:
    """Meso-4: four convolutions, each with batch normalisation and pooling.

    Args:
        weights: None; there are none of ImageNet.
        include_top: False; the classifier is not built here.
        input_shape: [H, W, 3], as in `keras.applications`.

    Returns:
        float32 [B, H, W, 3] in 0..1 → [B, H/32, W/32, 16], rounded up.
    """
    image = keras.Input(input_shape)
    tensor = image
    for number, (filters, side, pool) in enumerate(MESO4, start=1):
        tensor = _convolution(tensor, number, filters, side, pool)
    return keras.Model(image, tensor, name="mesonet4")


def mesoinception4(
    weights: None, include_top: bool, input_shape: tuple[int | None, ...]
) -> keras.Model:
    """MesoInception-4: inception modules in place of Meso-4's first two convolutions.

    Arguments and result as of `mesonet4`.
    """
    image = keras.Input(input_shape)
    tensor = image
    for number, filters in enumerate(INCEPTIONS, start=1):
        tensor = _inception(tensor, f"inception{number}", filters)
        tensor = _norm_pool(tensor, number, 2)
    for number, (count, side, pool) in enumerate(MESO4[2:], start=3):
        tensor = _convolution(tensor, number, count, side, pool)
    return keras.Model(image, tensor, name="mesoinception4")


def _convolution(tensor: Any, number: int, filters: int, side: int, pool: int) -> Any:
    tensor = _relu_conv(tensor, f"conv{number}", filters, side)
    return _norm_pool(tensor, number, pool)


def _inception(tensor: Any, name: str, filters: tuple[int, int, int, int]) -> Any:
    """1×1 beside 3×3 with dilations, where Inception has larger kernels."""
    branches = [_relu_conv(tensor, f"{name}_plain", filters[0], 1)]
    for dilation, count in enumerate(filters[1:], start=1):
        branch = _relu_conv(tensor, f"{name}_narrow{dilation}", count, 1)
        branches.append(
            _relu_conv(branch, f"{name}_dilated{dilation}", count, 3, dilation)
        )
    return layers.Concatenate(name=name)(branches)


def _relu_conv(
    tensor: Any, name: str, filters: int, side: int, dilation: int = 1
) -> Any:
    return layers.Conv2D(
        filters,
        side,
        padding="same",
        dilation_rate=dilation,
        activation="relu",
        name=name,
    )(tensor)


def _norm_pool(tensor: Any, number: int, pool: int) -> Any:
    tensor = layers.BatchNormalization(name=f"norm{number}")(tensor)
    return layers.MaxPooling2D(pool, padding="same", name=f"pool{number}")(tensor)
