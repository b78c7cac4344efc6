"""The models of a training step: the one that learns, and the one that is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import detector
from fakeloc_tf.models.transfer import transfer_weights
from fakeloc_tf.training.plan import StepPlan

log = logging.getLogger(__name__)

# Part of the configuration → how the names of its layers begin.
PARTS = {
    "backbone": "backbone",
    "semantic": "semantic_",
    "noise": "noise_",
    "classifier": "classifier",
}


def build_model(config: Config, plan: StepPlan) -> keras.Model:
    """The model of a step with its initial weights, in the precision of the config.

    Layers of parts that the step does not train keep their weights and statistics.

    Raises:
        FakelocError: weights cannot be had or do not fit, or nothing would be trained.
    """
    with _precision(config.training.precision):
        model = _build(config, plan, from_scratch=plan.start is not None)
    if plan.start is not None:
        source = detector.load_detector(plan.start)
        report = transfer_weights(source, model, allow_missing=_absent(source))
        log.info("%s begins with %s: %s", plan.name, plan.start, report)
    for layer in model.layers:
        for part, prefix in PARTS.items():
            if layer.name.startswith(prefix) and part not in plan.config.train:
                layer.trainable = False
    if not model.trainable_variables:
        raise FakelocError(
            f"training.{plan.name}.train={list(plan.config.train)} leaves nothing to "
            f"train in a model of {[layer.name for layer in model.layers][2:]}"
        )
    return model


def build_kept(config: Config, plan: StepPlan, model: keras.Model) -> keras.Model:
    """The model that is validated and written: `model` itself, or a float32 twin.

    A twin is needed where its weights are a moving average (`training.ema`) or the
    model computes in half precision, which evaluation and export should not inherit.
    """
    if config.training.ema is None and config.training.precision == "float32":
        return model
    kept = _build(config, plan, from_scratch=True)
    copy_weights(model, kept)
    return kept


def copy_weights(model: keras.Model, kept: keras.Model) -> None:
    """Gives the twin the weights that the model has now."""
    for target, source in zip(kept.weights, model.weights, strict=True):
        target.assign(source)


def make_average(
    model: keras.Model,
    kept: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    strategy: tf.distribute.Strategy,
    decay: float,
) -> Callable[[], None]:
    """Builds the update θ̄ ← d·θ̄ + (1 − d)·θ of the kept weights, for the graph.

    Statistics of batch normalisation are averaged too. d = min(decay, (1 + n)/(10 + n))
    after n batches, so that the random first weights do not stay in a short run, as in
    `tf.train.ExponentialMovingAverage`.
    """
    averages = [variable.value for variable in kept.weights]
    values = [variable.value for variable in model.weights]

    def update() -> None:
        n = tf.cast(optimizer.iterations.value, tf.float32)
        d = tf.minimum(decay, (1.0 + n) / (10.0 + n))

        def towards(average: tf.Variable, value: tf.Tensor) -> None:
            average.assign_sub(tf.cast(1.0 - d, average.dtype) * (average - value))

        for average, value in zip(averages, values, strict=True):
            strategy.extended.update(average, towards, args=(value,), group=False)

    return update


def _build(config: Config, plan: StepPlan, from_scratch: bool) -> keras.Model:
    """The detector with the step's heads."""
    model = config.model
    if from_scratch:
        backbone = model.backbone.model_copy(update={"weights": "none"})
        model = model.model_copy(update={"backbone": backbone})
    return detector.build_detector(model, heads=plan.heads, classifier=plan.classifier)


def _absent(source: keras.Model) -> tuple[str, ...]:
    """Prefixes of the parts that a step's model may have and `source` does not."""
    there = [layer.name for layer in source.layers]
    return tuple(
        prefix
        for part, prefix in PARTS.items()
        if part != "backbone" and not any(name.startswith(prefix) for name in there)
    )


@contextmanager
def _precision(policy: str) -> Iterator[None]:
    """Layers that are made inside compute in this precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy if policy != "float32" else before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
