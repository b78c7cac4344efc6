"""Adam with coupled weight decay and the learning rate of a training step (§IV-B)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from fakeloc_tf.config import OptimizerConfig, StepConfig


class CoupledAdam(keras.optimizers.Adam):
    """Adam on the gradient of the global batch plus w·θ, as PyTorch's Adam has it.

    Note: Keras' own `weight_decay` is decoupled (AdamW).

    Args:
        learning_rate: number or schedule.
        coupled_decay: w.
        **kwargs: of `keras.optimizers.Adam`; its `global_clipnorm` clips the gradient
            before the decay is added.
    """

    def __init__(
        self, learning_rate: Any = 2e-4, *, coupled_decay: float = 0.0, **kwargs: Any
    ):
        super().__init__(learning_rate, **kwargs)
        self.coupled_decay = coupled_decay

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Adam's update of one variable by g + w·θ."""
        decay = ops.cast(self.coupled_decay, gradient.dtype)
        super().update_step(gradient + decay * variable, variable, learning_rate)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"coupled_decay": self.coupled_decay}

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        """Gradients as they come: the training step has summed them over the replicas.

        Keras would sum them here, after clipping each replica's own, which is another
        gradient than that of the global batch.
        """
        return grads_and_vars


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
    precision: str = "float32",
) -> keras.optimizers.Optimizer:
    """Adam (§IV-B: β 0.9 / 0.999); with float16, around it a dynamic loss scale.

    Args:
        config: β, weight decay and clipping.
        learning_rate: of `make_learning_rate`.
        precision: `mixed_float16` scales the loss, since small gradients are 0 in
            float16; bfloat16 has float32's range and needs none.
    """
    adam = CoupledAdam(
        learning_rate,
        beta_1=config.beta_1,
        beta_2=config.beta_2,
        epsilon=1e-8,  # PyTorch's default, which the paper's code keeps
        global_clipnorm=config.clip_norm,
        coupled_decay=config.weight_decay,
    )
    if precision != "mixed_float16":
        return adam
    return keras.optimizers.LossScaleOptimizer(adam)
