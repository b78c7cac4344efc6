"""The layer with a matrix product is Keras' layer: outputs, gradients, files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fakeloc_tf.models.separable import SeparableConv2D

SHAPE = (2, 9, 8, 5)


def both(**arguments):
    """Keras' layer and ours with the same random weights."""
    pair = (
        keras.layers.SeparableConv2D(7, 3, **arguments),
        SeparableConv2D(7, 3, **arguments),
    )
    rng = np.random.default_rng(6)
    for layer in pair:
        layer.build(SHAPE)
    for plain, faster in zip(*(layer.weights for layer in pair), strict=True):
        value = rng.normal(size=plain.shape)
        plain.assign(value)
        faster.assign(value)
    return pair


def maps(dtype="float32"):
    return tf.constant(np.random.default_rng(7).normal(size=SHAPE), dtype)


def run(call, layer, inputs):
    """Outputs, then gradients by inputs and weights."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = call(inputs)
        loss = tf.reduce_sum(outputs**2)
    return [outputs, *tape.gradient(loss, [inputs, *layer.trainable_weights])]


def has_product(layer, inputs, training=True):
    graph = tf.function(lambda x: layer(x, training=training)).get_concrete_function(
        inputs
    )
    return any("MatMul" in op.type for op in graph.graph.get_operations())


@pytest.mark.parametrize(
    "arguments",
    [
        {"padding": "same", "use_bias": False},
        {"activation": "tanh", "bias_initializer": "ones"},
        {"strides": 2, "padding": "same"},
        {"depth_multiplier": 3, "dilation_rate": 2},
    ],
)
def test_equals_keras(arguments):
    plain, faster = both(**arguments)

    assert has_product(faster, maps())
    results = (
        run(plain, plain, maps()),
        run(lambda inputs: faster(inputs, training=True), faster, maps()),
    )
    for expected, value in zip(*results, strict=True):
        # float32 sums of up to 144 terms.
        np.testing.assert_allclose(
            value, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
        )


def test_any_batch_and_size_of_map():
    layer = both()[1]
    spec = tf.TensorSpec((None, None, None, SHAPE[-1]), tf.float32)

    traced = tf.function(lambda x: layer(x, training=True), input_signature=[spec])

    np.testing.assert_allclose(traced(maps()), layer(maps()), rtol=1e-5, atol=1e-5)


def test_inference_bfloat16_and_gpu_stay_convolutions(monkeypatch):
    layer = both()[1]

    assert not has_product(layer, maps(), training=False)
    assert not has_product(both(dtype="mixed_bfloat16")[1], maps("bfloat16"))
    assert has_product(both(dtype="mixed_float16")[1], maps("float16"))
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert not has_product(layer, maps())


def test_config_round_trip_and_file(tmp_path):
    layer = SeparableConv2D(7, 3, padding="same", name="separable")
    model = keras.Sequential([keras.Input(SHAPE[1:]), layer])
    model.save(tmp_path / "model.keras")

    again = SeparableConv2D.from_config(layer.get_config())
    loaded = keras.models.load_model(tmp_path / "model.keras")

    assert again.get_config() == layer.get_config()
    assert type(loaded.get_layer("separable")) is SeparableConv2D
    np.testing.assert_array_equal(loaded(maps()), model(maps()))
