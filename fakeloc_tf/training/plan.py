"""The two training steps as data: what each trains, how its best model is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf import shipped
from fakeloc_tf.config import Config, StepConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.losses import LossWeights
from fakeloc_tf.training.run_folder import RunFolder

STEPS = ("step1", "step2")

# Validation results → (first, tie-breaker); greater is better.
Score = Callable[[dict[str, float]], tuple[float, float]]


@dataclass(frozen=True)
class StepPlan:
    """What one of the two steps trains, and how its best model is chosen.

    Attributes:
        name: `step1` or `step2`.
        config: of the step.
        heads: kinds of heads that the model has in this step.
        classifier: whether it has the classifier.
        start: model of an earlier step whose weights it begins with; None = those of
            `model.backbone.weights`.
        best_model: where the best model is written.
        score: of validation results.
    """

    name: str
    config: StepConfig
    heads: tuple[str, ...]
    classifier: bool
    start: Path | None
    best_model: Path
    score: Score

    def loss_weights(
        self, config: Config, class_weights: tuple[float, float]
    ) -> LossWeights:
        """Eq. 1 with the terms that the step trains; the others have weight 0.

        Args:
            class_weights: of reals and fakes, used with `loss.balance`.
        """
        loss, wanted = config.loss, self.config.losses
        real, fake = class_weights if loss.balance else (1.0, 1.0)
        return LossWeights(
            noise=loss.noise if "noise" in wanted else 0.0,
            mask=loss.mask if "mask" in wanted else 0.0,
            noise_maps=loss.noise_maps,
            mask_maps=loss.mask_maps,
            real=real,
            fake=fake,
        )


def make_plans(
    config: Config, run: RunFolder, steps: Sequence[str] = STEPS
) -> tuple[StepPlan, ...]:
    """The steps that are to be trained, in order.

    Step 1 is left out where the model has no head that its losses train, and where
    `training.step1_from` gives its result.

    Raises:
        FakelocError: step 2 has no step 1 to begin with, or nothing is left to train;
            or it begins with a shipped model that is not as it was released.
    """
    training = config.training
    first = _plan(config, "step1", training.step1, None, run.step1_model)
    trains_step1 = bool(first.heads or first.classifier)
    start = _step1_model(config, run) if trains_step1 else None
    second = _plan(config, "step2", training.step2, start, run.best_model)
    if not second.classifier:
        raise FakelocError("training.step2.losses must have `classification`")
    plans = [second] if "step2" in steps else []
    if "step1" in steps and trains_step1 and training.step1_from is None:
        return (first, *plans)
    if not plans:
        raise FakelocError(
            "step 1 has nothing to train: model.heads has none of the heads of "
            "training.step1.losses, or training.step1_from gives its result"
        )
    if start is not None and not start.is_file():
        raise FakelocError(
            f"step 2 begins with the model of step 1, but {start} is missing; train "
            "step 1 first (--steps 1), or give another run with --step1-from RUN"
        )
    return tuple(plans)


def _plan(
    config: Config, name: str, step: StepConfig, start: Path | None, best_model: Path
) -> StepPlan:
    """The plan of one step; it has the heads that its losses need."""
    classifier = "classification" in step.losses
    trained = {"mask": "semantic", "noise": "noise"}
    wanted = {trained[loss] for loss in step.losses if loss in trained}
    # The classifier stands on all heads, whether their own loss is trained or not.
    heads = tuple(kind for kind in config.model.heads if classifier or kind in wanted)
    return StepPlan(
        name=name,
        config=step,
        heads=heads,
        classifier=classifier,
        start=start,
        best_model=best_model,
        score=_by_auc if classifier else _by_loss,
    )


def _step1_model(config: Config, run: RunFolder) -> Path:
    """Where step 2 finds the model of step 1."""
    if config.training.step1_from is None:
        return run.step1_model
    given = shipped.checked(config.training.step1_from)
    if given.suffix == ".keras":
        return given
    if shipped.name_of(given) is not None:
        return given / shipped.WEIGHTS
    return RunFolder(given).step1_model


def _by_loss(results: dict[str, float]) -> tuple[float, float]:
    """Without a classifier: the lowest validation loss."""
    return -results["val_loss"], 0.0


def _by_auc(results: dict[str, float]) -> tuple[float, float]:
    """The best validation AUC. On an easy set it is 1 early: then the lowest loss."""
    return results["val_auc"], -results["val_loss"]
