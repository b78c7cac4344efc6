"""Adam with coupled weight decay and the learning rate of a training step (§IV-B)."""

from __future__ import annotations

import keras

from fakeloc_tf.config import OptimizerConfig, StepConfig


def make_learning_rate(
    config: StepConfig, total_batches: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Constant as in the paper, or with linear warm-up and half-cosine decay.

    Args:
        config: of this training step.
        total_batches: batches of the whole step.
    """
    warmup = min(config.warmup_batches, max(total_batches - 1, 0))
    if not config.cosine and not warmup:
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else config.learning_rate,
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
        decay_steps=max(total_batches - warmup, 1),
        # alpha 1 keeps the rate where the warm-up has brought it.
        alpha=0.0 if config.cosine else 1.0,
    )


def make_optimizer(
    config: OptimizerConfig,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule,
) -> keras.optimizers.Optimizer:
    """Adam (§IV-B: β 0.9 / 0.999).

    Note: the weight decay is not given to Keras, which would decouple it (AdamW);
    the training step adds it to the gradient, as PyTorch's Adam does.
    """
    return keras.optimizers.Adam(
        learning_rate,
        beta_1=config.beta_1,
        beta_2=config.beta_2,
        epsilon=1e-8,  # PyTorch's default, which the paper's code keeps
    )
