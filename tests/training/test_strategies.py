"""Two replicas equal one device on the same global batch, batch norm included."""

import keras
import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf.config import BackboneConfig, LossConfig, ModelConfig, OptimizerConfig
from fakeloc_tf.data import dataset
from fakeloc_tf.models import backbones, detector
from fakeloc_tf.models.transfer import named_variables
from fakeloc_tf.training import optimizers, steps, strategies

XCEPTION = backbones.BACKBONES["xception"]
CONFIG = ModelConfig(image_size=64, backbone=BackboneConfig(width=0.1, weights="none"))


def train_a_few_steps(strategy, initial, records, batches=4):
    """Trains on global batches of 8; returns losses and all weights."""
    with strategy.scope():
        model = detector.build_detector(CONFIG)
        model.set_weights(initial)
        # Not Adam: its first step is the sign of the gradient times the rate, so
        # rounding decides it wherever the true gradient is 0. At a rate of 1e-2 the
        # losses agree to 2e-7 in the first step and 4e-5 in the fourth, at 1e-3 to
        # 1e-5: presumably batch norm over eight faces amplifies rounding.
        optimizer = keras.optimizers.SGD(1e-3)
        optimizer.build(model.trainable_variables)
    step = steps.make_train_step(model, optimizer, strategy, LossConfig(), 1e-5)
    data = dataset.training_batches(
        dataset.load_split(records, "train"),
        image_size=64,
        map_sizes=detector.map_sizes(model),
        sigma=5.0,
        batch_size=8,
        shuffle_buffer=8,
        flip=True,
        seed=0,
        epoch=0,
    )
    distributed = strategy.experimental_distribute_dataset(data.take(batches))
    logs = [{k: float(v) for k, v in step(batch).items()} for batch in distributed]
    return logs, model.get_weights()


@pytest.mark.parametrize(
    "backbone", ["tiny", pytest.param("xception", marks=pytest.mark.slow)]
)
def test_mirrored_equals_one_device(backbone, tmp_path, monkeypatch):
    """Also where masks are missing, unevenly over the replicas."""
    if backbone == "xception":
        monkeypatch.setitem(backbones.BACKBONES, "xception", XCEPTION)
    make = synthetic.synthetic_face

    def some_without_mask(index, split, size):
        import dataclasses

        face = make(index, split, size)
        return dataclasses.replace(face, mask_valid=index % 8 >= 3)

    monkeypatch.setattr(synthetic, "synthetic_face", some_without_mask)
    records = synthetic.write_records(tmp_path / "records", {"train": 32}, size=64)
    initial = detector.build_detector(CONFIG).get_weights()
    one = train_a_few_steps(strategies.make_strategy("one"), initial, records)
    two = train_a_few_steps(strategies.make_strategy("mirrored", 2), initial, records)
    assert len(one[0]) == 4
    for a, b in zip(one[0], two[0], strict=True):
        assert a == pytest.approx(b, abs=1e-5)
    for a, b in zip(one[1], two[1], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(one[1], initial, strict=True))


def test_weight_decay_is_coupled(tmp_path):
    """The decay is part of the gradient that Adam normalises."""
    records = synthetic.write_records(tmp_path / "records", {"train": 8}, size=64)
    strategy = strategies.make_strategy("one")
    model = detector.build_detector(CONFIG)
    optimizer = optimizers.make_optimizer(OptimizerConfig(), 1e-3)
    optimizer.build(model.trainable_variables)
    step = steps.make_train_step(
        model, optimizer, strategy, LossConfig(noise=0.0, mask=0.0), 1.0
    )
    noise = next(
        variable
        for name, variable in named_variables(model).items()
        if name.startswith("noise_deep_head/map/") and "kernel" in name
    )
    before = noise.numpy()
    face = next(iter(dataset.load_split(records, "train").batch(8)))
    targets = {
        "label": tf.cast(face["label"], tf.float32)[:, None],
        "method": face["method"],
        "mask_valid": tf.zeros(8),
    }
    for tap, size in detector.map_sizes(model).items():
        targets[f"semantic_{tap}"] = tf.zeros((8, *size, 1))
        targets[f"noise_{tap}"] = tf.zeros((8, *size, 1))
    step((tf.cast(face["image"], tf.float32), targets))
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
