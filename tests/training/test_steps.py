"""The training step: accumulation, averages, clipping, precision, frozen parts."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from fakeloc_tf.config import (
    BackboneConfig,
    Config,
    LossConfig,
    ModelConfig,
    OptimizerConfig,
    StepConfig,
    TrainingConfig,
)
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.models import detector
from fakeloc_tf.models.transfer import named_variables
from fakeloc_tf.training import optimizers, step_model, steps
from fakeloc_tf.training.plan import make_plans
from fakeloc_tf.training.run_folder import RunFolder

MODEL = ModelConfig(image_size=64, backbone=BackboneConfig(width=0.1, weights="none"))
WEIGHTS = LossWeights(noise=0.1, mask=1.0)


def batch_of(model, faces, seed=0):
    rng = np.random.default_rng(seed)
    targets = {
        "label": rng.integers(0, 2, (faces, 1)),
        "method": rng.integers(0, 5, faces),
        "mask_valid": rng.integers(0, 2, faces),
    }
    for tap, size in detector.map_sizes(model).items():
        targets[f"semantic_{tap}"] = rng.uniform(size=(faces, *size, 1))
        targets[f"noise_{tap}"] = rng.uniform(size=(faces, *size, 1))
    images = rng.uniform(0, 255, (faces, 64, 64, 3))
    return tf.nest.map_structure(
        lambda values: tf.constant(values, tf.float32), (images, targets)
    )


def make_step(model, config=None, rate=1e-3, precision="float32", **options):
    optimizer = optimizers.make_optimizer(config or OptimizerConfig(), rate, precision)
    optimizer.build(model.trainable_variables)
    strategy = tf.distribute.get_strategy()
    step = steps.make_train_step(model, optimizer, strategy, WEIGHTS, **options)
    return step, optimizer


def twins(count=2):
    models = [detector.build_detector(MODEL) for _ in range(count)]
    for model in models[1:]:
        model.set_weights(models[0].get_weights())
    return models


def test_accumulation_equals_the_large_batch():
    """Both halves of the batch have the same faces, hence the same batch statistics.

    Masks are missing in one half only: L_b is averaged over the whole batch.
    """
    whole, cut = twins()
    half = batch_of(whole, 4)
    images, targets = tf.nest.map_structure(
        lambda tensor: tf.concat([tensor, tensor], 0), half
    )
    targets["mask_valid"] = tf.constant([1.0, 1, 1, 1, 0, 1, 0, 0])

    logs = [
        make_step(model, accumulate=parts)[0]((images, targets))
        for model, parts in ((whole, 1), (cut, 2))
    ]

    for name, value in logs[0].items():
        assert float(value) == pytest.approx(float(logs[1][name]), rel=1e-4), name
    for a, b in zip(whole.trainable_weights, cut.trainable_weights, strict=True):
        # Adam's first step is the rate, by the sign of the gradient: half of the rate
        # tells whether the signs agree, whatever the rounding of a gradient near 0.
        differs = np.abs(a.numpy() - b.numpy()) > 5e-4
        assert differs.mean() < 0.01, a.path


def test_the_gradients_norm_is_logged_and_clipped():
    plain, clipped = twins()
    batch = batch_of(plain, 4)
    with tf.GradientTape() as tape:
        from fakeloc_tf import losses

        terms = losses.total_loss(plain(batch[0], training=True), batch[1], WEIGHTS)
        loss = tf.reduce_mean(terms["total"])
    gradients = tape.gradient(loss, plain.trainable_variables)
    norm = float(tf.linalg.global_norm(gradients))

    step, optimizer = make_step(
        clipped, OptimizerConfig(clip_norm=norm / 10, weight_decay=0.0)
    )
    logs = step(batch)

    assert float(logs["gradient_norm"]) == pytest.approx(norm, rel=1e-3)
    # Adam's first mean is (1 − β1)·g.
    means = [
        variable
        for variable in optimizer.variables
        if variable.path.endswith("momentum")
    ]
    found = float(tf.linalg.global_norm([m.value for m in means])) / 0.1
    assert found == pytest.approx(norm / 10, rel=1e-3)


def test_average_of_the_weights_equals_a_slow_reference():
    model, kept = twins()
    strategy = tf.distribute.get_strategy()
    optimizer = optimizers.make_optimizer(OptimizerConfig(), 1e-2)
    optimizer.build(model.trainable_variables)
    average = step_model.make_average(model, kept, optimizer, strategy, 0.6)
    step = steps.make_train_step(model, optimizer, strategy, WEIGHTS, after=average)
    expected = model.get_weights()

    for number in range(1, 9):
        step(batch_of(model, 4, seed=number))
        decay = min(0.6, (1 + number) / (10 + number))
        expected = [
            decay * old + (1 - decay) * new
            for old, new in zip(expected, model.get_weights(), strict=True)
        ]

    for found, wanted in zip(kept.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    moved = zip(kept.get_weights(), model.get_weights(), strict=True)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in moved)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_lowers_the_loss_and_keeps_float32(precision):
    config = Config(model=MODEL, training=TrainingConfig(precision=precision))
    plan = make_plans(config, RunFolder(Path("unused")), ("step1",))[0]
    model = step_model.build_model(config, plan)
    kept = step_model.build_kept(config, plan, model)
    assert keras.config.dtype_policy().name == "float32"
    step, _ = make_step(model, precision=precision)
    batch = batch_of(model, 8)

    losses = [float(step(batch)["loss"]) for _ in range(8)]

    assert losses[-1] < losses[0]
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    assert all(value.dtype == "float32" for value in model.output.values())
    policies = {layer.compute_dtype for layer in model.get_layer("backbone").layers}
    assert precision.removeprefix("mixed_") in policies
    step_model.copy_weights(model, kept)
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}
    outputs = model(batch[0])["semantic_deep"], kept(batch[0])["semantic_deep"]
    # bfloat16 has 8 bits.
    np.testing.assert_allclose(*outputs, atol=0.1)


def test_a_scale_that_overflows_is_lowered_and_nothing_changes():
    config = Config(model=MODEL, training=TrainingConfig(precision="mixed_float16"))
    plan = make_plans(config, RunFolder(Path("unused")), ("step1",))[0]
    model = step_model.build_model(config, plan)
    step, optimizer = make_step(model, precision="mixed_float16")
    # Scaled gradients are more than float16 can hold, 65504.
    optimizer.dynamic_scale.assign(2.0**40)
    before = model.trainable_weights[0].numpy()
    batch = batch_of(model, 4)

    logs = step(batch)

    assert np.isfinite(float(logs["loss"]))
    assert float(optimizer.dynamic_scale.value) == 2.0**39
    np.testing.assert_array_equal(model.trainable_weights[0].numpy(), before)


def test_parts_that_are_not_trained_keep_weights_and_statistics():
    training = TrainingConfig(step2=StepConfig(train=("classifier",)))
    config = Config(model=MODEL, training=training)
    plan = make_plans(
        config.model_copy(update={"model": MODEL.model_copy(update={"heads": ()})}),
        RunFolder(Path("unused")),
        ("step2",),
    )[0]
    plan = plan.__class__(**(vars(plan) | {"heads": ("semantic", "noise")}))
    model = step_model.build_model(config, plan)
    before = {name: v.numpy() for name, v in named_variables(model).items()}

    make_step(model)[0](batch_of(model, 4))

    for name, variable in named_variables(model).items():
        changed = not np.array_equal(variable.numpy(), before[name])
        assert changed == name.startswith("classifier/"), name


def test_schedule_is_logged_as_it_was_used():
    (model,) = twins(1)
    config = StepConfig(learning_rate=1e-2, warmup_batches=2, cosine=True)
    step, _ = make_step(model, rate=optimizers.make_learning_rate(config, 6))
    batch = batch_of(model, 4)

    rates = [float(step(batch)["learning_rate"]) for _ in range(7)]

    cosine = [0.5e-2 * (1 + np.cos(np.pi * done / 4)) for done in range(5)]
    np.testing.assert_allclose(rates, [0.0, 0.5e-2, *cosine], atol=1e-8)


def test_constant_rate_is_the_papers():
    assert optimizers.make_learning_rate(StepConfig(), 100) == 2e-4
    assert LossConfig().noise == 0.1
