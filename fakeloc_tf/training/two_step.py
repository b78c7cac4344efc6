"""The two-step training of §IV-B: backbone and semantic heads, then everything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf import metrics
from fakeloc_tf.config import Config, StepConfig
from fakeloc_tf.data import dataset
from fakeloc_tf.models import detector
from fakeloc_tf.models.transfer import transfer_weights
from fakeloc_tf.training import callbacks, loop, optimizers, steps, validation
from fakeloc_tf.training.checkpoints import StepCheckpoint
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.training_data import TrainingData

log = logging.getLogger(__name__)
Score = Callable[[dict[str, float]], tuple[float, float]]


@dataclass(frozen=True)
class StepPlan:
    """What one of the two steps trains, and how its best model is chosen."""

    name: str
    config: StepConfig
    full_model: bool
    best_model: Path
    score: Score


def train(
    config: Config, run: RunFolder, strategy: tf.distribute.Strategy
) -> dict[str, Any]:
    """Trains both steps, resuming whatever the run folder holds.

    Returns:
        Validation results of the best model, as written to `metrics.json`.
    """
    keras.utils.set_random_seed(config.training.seed)
    data = TrainingData(config)
    for plan in make_plans(config, run):
        _train_step(config, run, strategy, plan, data)
    return _conclude(config, run, data)


def make_plans(config: Config, run: RunFolder) -> tuple[StepPlan, StepPlan]:
    """Step 1 keeps the lowest validation L_b, step 2 the best validation AUC.

    Equal AUCs are told apart by the loss: on an easy set the AUC is 1 early.
    """
    first = StepPlan(
        name="step1",
        config=config.training.step1,
        full_model=False,
        best_model=run.step1_model,
        score=lambda logs: (-logs["val_loss"], 0.0),
    )
    second = StepPlan(
        name="step2",
        config=config.training.step2,
        full_model=True,
        best_model=run.best_model,
        score=lambda logs: (logs["val_auc"], -logs["val_loss"]),
    )
    return first, second


def _train_step(
    config: Config,
    run: RunFolder,
    strategy: tf.distribute.Strategy,
    plan: StepPlan,
    data: TrainingData,
) -> None:
    """Trains one step from its newest checkpoint to its end."""
    training = config.training
    with strategy.scope():
        model = _build_model(config, plan, run)
        rate = optimizers.make_learning_rate(
            plan.config, data.batches * plan.config.epochs
        )
        optimizer = optimizers.make_optimizer(config.optimizer, rate)
        optimizer.build(model.trainable_variables)
        checkpoint = StepCheckpoint(run.checkpoints(plan.name), model, optimizer)
        if checkpoint.restore():
            log.info("%s: %d epoch(s) were done", plan.name, checkpoint.epochs)
    sizes = detector.map_sizes(model)
    watch = validation.Watch(
        model, strategy, data.validation(sizes), config.loss, config.model.gamma
    )
    around = [
        callbacks.BestModel(plan.best_model, checkpoint, plan.score),
        callbacks.TensorBoard(
            run.tensorboard / plan.name, watch.pictures, training.image_every
        ),
        callbacks.ProgressBar(
            plan.name, plan.config.epochs, data.batches, training.batch_size
        ),
    ]
    with dataset.explain_broken_records(config.data.records, "train", "val"):
        loop.fit(
            model,
            steps.make_train_step(
                model, optimizer, strategy, config.loss, config.optimizer.weight_decay
            ),
            lambda epoch: data.training(sizes, epoch),
            watch.results,
            strategy,
            around,
            first_epoch=checkpoint.epochs,
            epochs=plan.config.epochs,
        )


def _build_model(config: Config, plan: StepPlan, run: RunFolder) -> keras.Model:
    """The step's model; step 2 starts from the best weights of step 1."""
    if not plan.full_model:
        return detector.build_detector(
            config.model, heads=("semantic",), classifier=False
        )
    backbone = config.model.backbone.model_copy(update={"weights": "none"})
    without_download = config.model.model_copy(update={"backbone": backbone})
    model = detector.build_detector(without_download)
    report = transfer_weights(
        detector.load_detector(run.step1_model),
        model,
        allow_missing=("noise_", "classifier/"),
    )
    log.info("step 1 -> step 2: %s", report)
    return model


def _conclude(config: Config, run: RunFolder, data: TrainingData) -> dict[str, Any]:
    """Scores the best model on validation and chooses the threshold there."""
    model = detector.load_detector(run.best_model)
    watch = validation.Watch(
        model,
        tf.distribute.get_strategy(),
        data.validation(detector.map_sizes(model)),
        config.loss,
        config.model.gamma,
    )
    faces = watch.measure()
    results: dict[str, Any] = watch.summarise(faces)
    results["validation_threshold"] = metrics.balanced_threshold(
        faces["target"], faces["probability"]
    )
    run.write_metrics(results)
    return results
