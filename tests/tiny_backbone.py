"""A backbone of six layers in Xception's place: training tests trace in seconds."""

import keras
from keras import layers

from fakeloc_tf.models import backbones


def tiny_application(
    weights: str | None, include_top: bool, input_shape: tuple[int | None, ...]
) -> keras.Model:
    """Strides, taps and batch normalisation like Xception's, but few layers."""
    image = keras.Input(input_shape)
    tensor = image
    for name, filters, stride in (("one", 64, 2), ("two", 256, 4), ("three", 728, 2)):
        tensor = layers.Conv2D(
            filters, 3, strides=stride, padding="same", use_bias=False, name=name
        )(tensor)
        tensor = layers.BatchNormalization(name=f"{name}_bn")(tensor)
        tensor = layers.ReLU(name=f"{name}_relu")(tensor)
    return keras.Model(image, tensor)


TINY = backbones.Backbone(
    application=tiny_application,
    taps={
        "shallow": ("one_relu", "output"),
        "middle": ("two_relu", "output"),
        "deep": ("three_relu", "output"),
    },
    renamed={},
)
