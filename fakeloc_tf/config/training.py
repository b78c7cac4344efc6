"""Losses, optimizer and the two steps of the training (Eq. 1, §IV-B)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fakeloc_tf.config.section import (
    Loss,
    NonNegative,
    Part,
    Positive,
    Section,
    Share,
    Weights,
)


class LossConfig(Section):
    """Weights of Eq. 1.

    Attributes:
        noise: λ1 on L_n.
        mask: λ2 on L_b.
        noise_maps: weights of the shallow, middle and deep noise map in L_n.
        mask_maps: weights of the shallow, middle and deep semantic map in L_b.
        balance: weigh L_c by the inverse frequency of reals and fakes in the training
            records; the paper repeats reals instead (`prepare.real_factor`).
    """

    noise: NonNegative = 0.1
    mask: NonNegative = 1.0
    noise_maps: Weights = (1.0, 1.0, 1.0)
    mask_maps: Weights = (1.0, 1.0, 1.0)
    balance: bool = False


class OptimizerConfig(Section):
    """Adam as in §IV-B. The weight decay is coupled: added to the gradient.

    Attributes:
        beta_1: decay of the gradient's mean.
        beta_2: decay of the gradient's square.
        weight_decay: w in g + w·θ.
        clip_norm: the gradient of the global batch is scaled down to this norm (before
            the weight decay); None = not clipped, as in the paper.
    """

    beta_1: Share = 0.9
    beta_2: Share = 0.999
    weight_decay: NonNegative = 1e-5
    clip_norm: Annotated[float, Field(gt=0.0)] | None = None


class StepConfig(Section):
    """One of the two training steps.

    Attributes:
        epochs: passes over the training records.
        learning_rate: Adam's step size, constant (paper: 2e-4).
        warmup_batches: batches of linear warm-up from 0 (paper: none).
        cosine: lower the rate to 0 along a half cosine over the step (paper: no).
        losses: terms of Eq. 1 that are trained; the step has the heads they need.
        train: parts whose weights change, of those that the step has.
        patience: stop after so many epochs without a better validation result; None =
            never.
    """

    epochs: Positive = 10
    learning_rate: Annotated[float, Field(gt=0.0)] = 2e-4
    warmup_batches: Annotated[int, Field(ge=0)] = 0
    cosine: bool = False
    losses: tuple[Loss, ...] = ("classification", "noise", "mask")
    train: tuple[Part, ...] = ("backbone", "semantic", "noise", "classifier")
    patience: Positive | None = None


class Step1Config(StepConfig):
    """Step 1 of §IV-B: backbone and semantic heads."""

    losses: tuple[Loss, ...] = ("mask",)


class CalibrationConfig(Section):
    """What the end of training fits on the validation split.

    Attributes:
        false_positive_rate: highest share of the validation reals that the threshold of
            the verdict may call manipulated; None = the threshold is that of the best
            balanced accuracy.
        false_negative_rate: highest share of the validation fakes that may be called
            real; between the two thresholds the answer is "not sure". None = nothing
            is called real for such a rate.
    """

    false_positive_rate: Annotated[float, Field(gt=0.0, lt=1.0)] | None = 0.05
    false_negative_rate: Annotated[float, Field(gt=0.0, lt=1.0)] | None = 0.05


class TrainingConfig(Section):
    """The two-step training of §IV-B.

    Attributes:
        strategy: `one` device, `mirrored` over the devices of this machine, or
            `multi_worker` over the machines that TF_CONFIG names.
        cpu_replicas: logical CPU devices for `mirrored` on a machine without GPU.
        batch_size: global batch, whatever the number of replicas (paper: 32).
        accumulate: parts that a batch is cut into, one after the other, so that it
            fits into memory; the gradient is that of the whole batch.
        precision: of the computation; weights and losses are float32 in all of them.
        ema: decay of a moving average of the weights, such as 0.999, which is then what
            is validated and kept; None = the weights themselves, as in the paper.
        seed: of weights, shuffling and augmentation.
        deterministic: the same bits in every run on the same machine; slower.
        step1: backbone + semantic heads.
        step2: everything, from step 1's weights.
        step1_from: run folder, a `.keras` file in one, or a shipped model's name, that
            step 2 starts from; None = this run's own step 1.
        checkpoint_every: batches between checkpoints within an epoch; there is always
            one at its end.
        scalar_every: batches between points of the training curves in TensorBoard.
        image_every: epochs between pictures in TensorBoard.
    """

    strategy: Literal["one", "mirrored", "multi_worker"] = "one"
    cpu_replicas: Positive = 1
    batch_size: Positive = 32
    accumulate: Positive = 1
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    ema: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    seed: int = 0
    deterministic: bool = False
    step1: Step1Config = Step1Config()
    step2: StepConfig = StepConfig()
    step1_from: str | None = None
    checkpoint_every: Positive = 500
    scalar_every: Positive = 10
    image_every: Positive = 1
