"""Two replicas equal one device on the same global batch, batch norm included."""

import dataclasses

import keras
import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf.config import (
    AugmentConfig,
    BackboneConfig,
    ModelConfig,
    OptimizerConfig,
)
from fakeloc_tf.data import dataset
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.models import backbones, detector
from fakeloc_tf.models.transfer import named_variables
from fakeloc_tf.training import optimizers, steps, strategies

XCEPTION = backbones.BACKBONES["xception"]
CONFIG = ModelConfig(image_size=64, backbone=BackboneConfig(width=0.1, weights="none"))


def train_a_few_steps(strategy, initial, records, make_optimizer):
    """Trains four global batches of 8; returns losses and all weights."""
    with strategy.scope():
        model = detector.build_detector(CONFIG)
        model.set_weights(initial)
        optimizer = make_optimizer()
        optimizer.build(model.trainable_variables)
    step = steps.make_train_step(model, optimizer, strategy, LossWeights(0.1, 1.0))

    def of_worker(context):
        data = dataset.training_batches(
            RecordSource(records, "train"),
            image_size=64,
            map_sizes=detector.map_sizes(model),
            sigma=5.0,
            batch_size=8,
            shuffle_buffer=8,
            augment=AugmentConfig(),
            seed=0,
            epoch=0,
            replicas=context.num_replicas_in_sync,
        )
        data = data.take(4 * context.num_replicas_in_sync)
        return data.map(lambda *batch: tf.nest.map_structure(_in_floatx, batch))

    distributed = strategy.distribute_datasets_from_function(of_worker)
    logs = [{k: float(v) for k, v in step(batch).items()} for batch in distributed]
    return logs, model.get_weights()


def _in_floatx(tensor):
    return (
        tf.cast(tensor, keras.config.floatx()) if tensor.dtype.is_floating else tensor
    )


@pytest.fixture
def records(tmp_path, monkeypatch):
    """Masks are missing here and there, unevenly over the replicas."""
    make = synthetic.synthetic_face

    def some_without_mask(index, split, size):
        face = make(index, split, size)
        return dataclasses.replace(face, mask_valid=index % 8 >= 3)

    monkeypatch.setattr(synthetic, "synthetic_face", some_without_mask)
    return synthetic.write_records(tmp_path / "records", {"train": 32}, size=64)


@pytest.fixture
def float64():
    """Layers, losses and optimizer compute in float64."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def both_strategies():
    """One of each for all tests: a second mirrored one in a process would number its
    collective operations from the start again, and TensorFlow would mix them up."""
    return strategies.make_strategy("one"), strategies.make_strategy("mirrored", 2)


@pytest.fixture(params=["tiny", pytest.param("xception", marks=pytest.mark.slow)])
def backbone(request, monkeypatch):
    if request.param == "xception":
        monkeypatch.setitem(backbones.BACKBONES, "xception", XCEPTION)
    return request.param


def test_mirrored_equals_one_device(backbone, records, float64, both_strategies):
    """In float64 and with Adam: what remains is the strategy's own difference.

    In float32, rounding alone moves the losses by 1e-5 within a few steps: batch
    normalisation over eight faces amplifies it, and Adam divides by the size of the
    gradient, so that the rounding of a gradient near 0 moves its weight by the rate.
    """
    initial = detector.build_detector(CONFIG).get_weights()
    one, two = (
        train_a_few_steps(
            strategy,
            initial,
            records,
            lambda: optimizers.make_optimizer(OptimizerConfig(), 2e-4),
        )
        for strategy in both_strategies
    )
    assert len(one[0]) == 4
    for a, b in zip(one[0], two[0], strict=True):
        assert a == pytest.approx(b, abs=1e-5)
    for a, b in zip(one[1], two[1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(one[1], initial, strict=True))


def test_weight_decay_is_coupled(tmp_path):
    """The decay is part of the gradient that Adam normalises."""
    strategy = strategies.make_strategy("one")
    model = detector.build_detector(CONFIG)
    optimizer = optimizers.make_optimizer(OptimizerConfig(weight_decay=1.0), 1e-3)
    optimizer.build(model.trainable_variables)
    weights = LossWeights(noise=0.0, mask=0.0)
    step = steps.make_train_step(model, optimizer, strategy, weights)
    noise = next(
        variable
        for name, variable in named_variables(model).items()
        if name.startswith("noise_deep_head/map/") and "kernel" in name
    )
    before = noise.numpy()
    images = tf.random.stateless_uniform((8, 64, 64, 3), (1, 2), maxval=255.0)
    targets = {
        "label": tf.ones((8, 1)),
        "method": tf.ones(8, tf.int64),
        "mask_valid": tf.zeros(8),
    }
    for tap, size in detector.map_sizes(model).items():
        targets[f"semantic_{tap}"] = tf.zeros((8, *size, 1))
        targets[f"noise_{tap}"] = tf.zeros((8, *size, 1))
    step((images, targets))
    # Nothing but decay moves the noise heads here (λ1 = 0). Adam's first step is the
    # learning rate in the gradient's direction: coupled decay goes by the sign of the
    # weight, whereas decoupled decay would shrink each weight by a share of it.
    expected = before - 1e-3 * np.sign(before)
    np.testing.assert_allclose(noise.numpy(), expected, atol=2e-6)


def test_unknown_strategy_is_a_programming_error():
    with pytest.raises(ValueError, match="Received: 'tpu'"):
        strategies.make_strategy("tpu")


def test_too_many_replicas_after_the_start_are_refused():
    tf.zeros(1)
    with pytest.raises(ValueError, match="start a new process"):
        strategies.make_strategy("mirrored", 5)
