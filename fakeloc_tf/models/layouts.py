"""The layers of heads and classifiers as data, and what builds them.

A layout is a tuple of steps `(kind, filters)` or `(kind,)`; KINDS says what each kind
is. Nothing in a layout depends on the size of the maps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from fakeloc_tf.models.backbones import scale_filters
from fakeloc_tf.models.normalization import BatchNormalization
from fakeloc_tf.models.separable import SeparableConv2D

Step = tuple[str, int] | tuple[str]
Layout = tuple[Step, ...]


@keras.saving.register_keras_serializable(package="fakeloc")
class BilinearResize(keras.layers.Layer):
    """Bilinear resize to a fixed height and width, with half-pixel centres.

    `keras.layers.Resizing` is not used: its `training` is True by default, and where
    the model is called without `training`, that value leaks to the layers after it,
    whose batch normalisation then uses and changes the statistics of the batch.
    """

    def __init__(self, height: int, width: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.height = height
        self.width = width

    def call(self, maps: Any) -> Any:
        """float [B, h, w, C] → [B, height, width, C]."""
        resized = ops.image.resize(
            maps,
            (self.height, self.width),
            interpolation="bilinear",
            data_format="channels_last",
        )
        # TensorFlow resizes to float32, whatever it was given.
        return ops.cast(resized, maps.dtype)

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape with the new height and width."""
        return (input_shape[0], self.height, self.width, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"height": self.height, "width": self.width}


class LayoutBuilder:
    """Applies the steps of a layout to a tensor, with stable names for the layers.

    Args:
        width: factor on the layout's filter counts.
        batch_norm_momentum: of every batch normalisation.
    """

    def __init__(self, width: float, batch_norm_momentum: float):
        self.width = width
        self.batch_norm_momentum = batch_norm_momentum

    def apply(self, layout: Layout, tensor: Any, prefix: str) -> Any:
        """The tensor after every step; layers are called `<prefix><n>_<kind>`."""
        for number, step in enumerate(layout, start=1):
            kind, *filters = step
            name = f"{prefix}{number}_{kind}"
            scaled = [scale_filters(count, self.width) for count in filters]
            tensor = KINDS[kind](self, tensor, name, *scaled)
        return tensor

    def norm(self, tensor: Any, name: str) -> Any:
        """Batch normalisation, synchronised between replicas."""
        return BatchNormalization(
            momentum=self.batch_norm_momentum, synchronized=True, name=name
        )(tensor)


def conv(tensor: Any, name: str, filters: int, side: int, padding: str = "same") -> Any:
    """A biased convolution, as `official` has it, with that code's initial values."""
    return layers.Conv2D(
        filters,
        side,
        padding=padding,
        kernel_initializer=keras.initializers.VarianceScaling(
            2.0, mode="fan_out", distribution="untruncated_normal"
        ),
        name=name,
    )(tensor)


def double(tensor: Any, name: str, filters: int, dtype: str | None = None) -> Any:
    """Transposed 5×5 convolution with stride 2 and PyTorch's padding 1: n → 2n + 1."""
    tensor = layers.Conv2DTranspose(filters, 5, strides=2, dtype=dtype, name=name)(
        tensor
    )
    return layers.Cropping2D(1, dtype=dtype, name=f"{name}_crop")(tensor)


def _separable(
    builder: LayoutBuilder, tensor: Any, name: str, filters: int, strides: int = 1
) -> Any:
    """Depthwise-separable 3×3 + batch normalisation + ReLU."""
    tensor = SeparableConv2D(
        filters, 3, strides=strides, padding="same", use_bias=False, name=name
    )(tensor)
    return _norm_relu(builder, tensor, name)


def _norm_relu(builder: LayoutBuilder, tensor: Any, name: str) -> Any:
    tensor = builder.norm(tensor, f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(tensor)


def _xception_block(
    builder: LayoutBuilder, tensor: Any, name: str, filters: int
) -> Any:
    """Xception's residual block: two separable convolutions, stride 2."""
    shortcut = layers.Conv2D(
        filters, 1, strides=2, use_bias=False, name=f"{name}_shortcut"
    )(tensor)
    shortcut = builder.norm(shortcut, f"{name}_shortcut_bn")
    for part in ("a", "b"):
        tensor = layers.ReLU(name=f"{name}_{part}_relu")(tensor)
        tensor = SeparableConv2D(
            filters, 3, padding="same", use_bias=False, name=f"{name}_{part}"
        )(tensor)
        tensor = builder.norm(tensor, f"{name}_{part}_bn")
    tensor = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(tensor)
    return layers.Add(name=f"{name}_add")([tensor, shortcut])


# Each: (builder, tensor, name, *filters) -> tensor.
KINDS: dict[str, Callable[..., Any]] = {
    "separable": _separable,
    "strided_separable": functools.partial(_separable, strides=2),
    "conv3": lambda _, tensor, name, filters: conv(tensor, name, filters, 3),
    "conv3_valid": lambda _, tensor, name, filters: conv(
        tensor, name, filters, 3, "valid"
    ),
    "conv1": lambda _, tensor, name, filters: conv(tensor, name, filters, 1),
    "norm_relu": _norm_relu,
    "pool": lambda _, tensor, name: layers.MaxPooling2D(2, name=name)(tensor),
    "double": lambda _, tensor, name, filters: double(tensor, name, filters),
    "transposed3": lambda _, tensor, name, filters: layers.Conv2DTranspose(
        filters, 3, padding="same", name=name
    )(tensor),
    "xception_block": _xception_block,
    "average": lambda _, tensor, name: layers.GlobalAveragePooling2D(name=name)(tensor),
    "flatten": lambda _, tensor, name: layers.Flatten(name=name)(tensor),
    "dense": lambda _, tensor, name, units: layers.Dense(units, name=name)(tensor),
    "dropout": lambda _, tensor, name: layers.Dropout(0.5, name=name)(tensor),
    "leaky_relu": lambda _, tensor, name: layers.LeakyReLU(0.1, name=name)(tensor),
}
