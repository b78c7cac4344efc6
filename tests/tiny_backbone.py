"""A backbone of a few layers in Xception's place: training tests trace in seconds."""

import keras
from keras import layers

from fakeloc_tf.models.applications import Backbone, Tap


def tiny_application(
    weights: str | None, include_top: bool, input_shape: tuple[int | None, ...]
) -> keras.Model:
    """Strides, taps and batch normalisation like Xception's, but few layers."""
    image = keras.Input(input_shape)
    tensor = image
    for name, filters, stride in (
        ("one", 64, 2),
        ("two", 256, 4),
        ("three", 728, 2),
        ("four", 2048, 2),
    ):
        side = 1 if name == "four" else 3
        tensor = layers.Conv2D(
            filters, side, strides=stride, padding="same", use_bias=False, name=name
        )(tensor)
        tensor = layers.BatchNormalization(name=f"{name}_bn")(tensor)
        tensor = layers.ReLU(name=f"{name}_relu")(tensor)
    return keras.Model(image, tensor)


TINY = Backbone(
    application=tiny_application,
    taps={
        "shallow": Tap("one_relu", 64),
        "middle": Tap("two_relu", 256),
        "deep": Tap("three_relu", 728),
        "final": Tap("four_relu", 2048),
    },
    thin=True,
)
