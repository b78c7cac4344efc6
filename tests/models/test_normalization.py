"""The fused layer is Keras' layer: outputs, gradients, moving statistics, files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fakeloc_tf.models.normalization import BatchNormalization

SHAPE = (3, 5, 4, 6)


def maps(shape=SHAPE, dtype="float32"):
    rng = np.random.default_rng(4)
    spread, centre = rng.uniform(0.5, 3, shape[-1]), rng.normal(0, 2, shape[-1])
    return tf.constant(rng.normal(centre, spread, shape), dtype)


def both(shape=SHAPE, **arguments):
    """Keras' layer and ours with the same random weights, none of them 0 or 1."""
    pair = keras.layers.BatchNormalization(**arguments), BatchNormalization(**arguments)
    rng = np.random.default_rng(5)
    for layer in pair:
        layer.build(shape)
    for plain, fused in zip(*(layer.weights for layer in pair), strict=True):
        value = rng.uniform(0.5, 1.5, plain.shape)
        plain.assign(value)
        fused.assign(value)
    return pair


def run(layer, inputs, training):
    """Outputs, then gradients by inputs and weights, then the weights after it."""

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=training)
            # Not their sum, whose gradient by the inputs is 0 after normalisation.
            loss = tf.reduce_sum(tf.cast(outputs, "float64") ** 3)
        gradients = tape.gradient(loss, [inputs, *layer.trainable_weights])
        return [outputs, *gradients]

    return [np.asarray(tf.cast(value, "float64")) for value in step(inputs)] + [
        variable.numpy() for variable in layer.weights
    ]


def uses_fused(layer, inputs, training):
    graph = tf.function(lambda x: layer(x, training=training)).get_concrete_function(
        inputs
    )
    return any("FusedBatchNorm" in op.type for op in graph.graph.get_operations())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        {"synchronized": True, "momentum": 0.7},
        {"scale": False, "epsilon": 0.1},
        {"center": False, "axis": 3},
        {"scale": False, "center": False},
    ],
)
def test_equals_keras(arguments, training):
    plain, fused = both(**arguments)

    assert uses_fused(fused, maps(), training)
    for expected, value in zip(
        run(plain, maps(), training), run(fused, maps(), training), strict=True
    ):
        # Rounding of float32, in sums of 60 numbers of up to 50 in size.
        np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-4)


def test_moving_statistics_of_a_batch_by_hand():
    """The variance over n, not n − 1; one call moves by 1 − momentum."""
    layer = BatchNormalization(momentum=0.75)
    layer(tf.reshape([1.0, 2.0, 3.0, 6.0], (1, 2, 2, 1)), training=True)

    np.testing.assert_allclose(layer.moving_mean, [0.25 * 3.0], rtol=1e-6)
    np.testing.assert_allclose(
        layer.moving_variance, [0.75 * 1.0 + 0.25 * 3.5], rtol=1e-6
    )


def test_one_value_a_channel_has_no_variance():
    layer = BatchNormalization(momentum=0.5)

    outputs = layer(tf.fill((1, 1, 1, 2), 7.0), training=True)

    np.testing.assert_array_equal(outputs, np.zeros((1, 1, 1, 2)))
    np.testing.assert_array_equal(layer.moving_variance, [0.5, 0.5])


# bfloat16 goes two ways: by multiples of 16 channels, and by others.
@pytest.mark.parametrize("channels", [6, 16])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_mixed_precision_equals_keras(dtype, channels):
    shape = (*SHAPE[:3], channels)
    plain, fused = both(shape, dtype=f"mixed_{dtype}", synchronized=True)
    inputs = maps(shape, dtype)

    assert uses_fused(fused, inputs, True)
    assert fused(inputs, training=False).dtype == dtype
    # Outputs are rounded to the small type, and their gradient is formed of them.
    step = {"float16": 2**-10, "bfloat16": 2**-7}[dtype]
    for expected, value in zip(
        run(plain, inputs, True), run(fused, inputs, True), strict=True
    ):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(value, expected, atol=4 * step * scale)
    # The statistics are not.
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(
            getattr(fused, name), getattr(plain, name), rtol=1e-5
        )


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        (SHAPE, {"dtype": "float64"}),
        ((7, 6), {}),
        (SHAPE, {"axis": 1}),
        (SHAPE, {"trainable": False}),
    ],
)
def test_what_the_operation_cannot_goes_the_way_of_keras(shape, arguments):
    plain, fused = both(shape, synchronized=True, **arguments)
    inputs = maps(shape, arguments.get("dtype", "float32"))

    assert not uses_fused(fused, inputs, True)
    for expected, value in zip(
        run(plain, inputs, True), run(fused, inputs, True), strict=True
    ):
        np.testing.assert_array_equal(value, expected)


def test_frozen_layer_keeps_its_statistics():
    _, layer = both(trainable=False)
    before = [variable.numpy() for variable in layer.weights]

    layer(maps(), training=True)

    for variable, value in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_two_replicas_are_synchronised_and_one_alone_is_not(monkeypatch):
    """With one replica the batch is all there; with two Keras' layer sums over both."""

    class Two:
        num_replicas_in_sync = 2

        def all_reduce(self, _, value):
            return 2 * value

    monkeypatch.setattr(tf.distribute, "get_replica_context", lambda: Two())

    assert not uses_fused(both(synchronized=True)[1], maps(), True)
    assert uses_fused(both(synchronized=False)[1], maps(), True)
    assert uses_fused(both(synchronized=True)[1], maps(), False)


def test_config_round_trip_and_file(tmp_path):
    layer = BatchNormalization(momentum=0.8, synchronized=True, name="norm")
    model = keras.Sequential([keras.Input(SHAPE[1:]), layer])
    model(maps(), training=True)
    model.save(tmp_path / "model.keras")

    again = BatchNormalization.from_config(layer.get_config())
    loaded = keras.models.load_model(tmp_path / "model.keras")

    assert again.get_config() == layer.get_config()
    assert type(loaded.get_layer("norm")) is BatchNormalization
    np.testing.assert_array_equal(loaded(maps()), model(maps()))
