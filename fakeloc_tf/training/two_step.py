"""The two-step training of §IV-B: backbone and semantic heads, then everything."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf import config as config_module
from fakeloc_tf.config import Config
from fakeloc_tf.data import dataset
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import detector
from fakeloc_tf.training import callbacks, loop, optimizers, step_model, steps
from fakeloc_tf.training.board import TensorBoard
from fakeloc_tf.training.calibration import conclude
from fakeloc_tf.training.checkpoints import StepCheckpoint
from fakeloc_tf.training.plan import StepPlan
from fakeloc_tf.training.provenance import USES, chosen_on, hashes
from fakeloc_tf.training.rate_thresholds import WantedRates
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.strategies import worker_errors
from fakeloc_tf.training.training_data import TrainingData
from fakeloc_tf.training.validation import Watch

log = logging.getLogger(__name__)


class TwoStepTraining:
    """Trains the steps of a config into a run folder, going on where they stopped.

    Args:
        config: of the run.
        run: its folder.
        strategy: where the replicas are.
        chief: False for the workers that write nothing.
    """

    def __init__(
        self,
        config: Config,
        run: RunFolder,
        strategy: tf.distribute.Strategy,
        chief: bool = True,
    ) -> None:
        self._config = config
        self._run = run
        self._strategy = strategy
        self._chief = chief
        self._data = TrainingData(config)

    def train(self, plans: tuple[StepPlan, ...]) -> dict[str, Any] | None:
        """Trains what is left of the plans' steps.

        Returns:
            Validation results of the best model of step 2, which are also in
            `metrics.json`; None after step 1 alone, and on workers that write nothing.

        Raises:
            FakelocError: a loss that is not finite, too little memory, broken records,
                or a worker that is gone.
        """
        results = None
        with worker_errors():
            for plan in plans:
                self._train_step(plan)
                self._wait_for_all()
            if plans[-1].name == "step2" and self._chief:
                results = self._conclude(plans[-1])
            # Who leaves early is taken for dead by the others.
            self._wait_for_all()
        return results

    def _train_step(self, plan: StepPlan) -> None:
        """Trains one step from its newest checkpoint to its end."""
        config, training = self._config, self._config.training
        # In each step: step 2 by itself begins as it does after step 1.
        keras.utils.set_random_seed(training.seed)
        weights = plan.loss_weights(config, self._data.class_weights())
        with self._strategy.scope():
            model = step_model.build_model(config, plan)
            kept = step_model.build_kept(config, plan, model)
            rate = optimizers.make_learning_rate(
                plan.config, self._data.batches * plan.config.epochs
            )
            optimizer = optimizers.make_optimizer(
                config.optimizer, rate, training.precision
            )
            optimizer.build(model.trainable_variables)
        averaged = kept if training.ema is not None else None
        checkpoint = StepCheckpoint(
            self._run.checkpoints(plan.name), model, optimizer, averaged, self._chief
        )
        self._restore(plan, checkpoint)
        watch = self._watch(kept, plan, self._strategy)
        train_step = steps.make_train_step(
            model,
            optimizer,
            self._strategy,
            weights,
            accumulate=training.accumulate,
            after=None
            if training.ema is None
            else step_model.make_average(
                model, kept, optimizer, self._strategy, training.ema
            ),
        )
        sizes = detector.map_sizes(model)
        with self._explained():
            loop.fit(
                model,
                train_step,
                lambda epoch, skip: self._data.training(
                    sizes, self._strategy, plan.name, epoch, skip
                ),
                self._validation(watch, model, kept),
                self._strategy,
                self._callbacks(plan, watch, checkpoint),
                checkpoint,
                epochs=plan.config.epochs,
                batches=self._data.batches,
                checkpoint_every=training.checkpoint_every,
            )

    def _watch(
        self, model: keras.Model, plan: StepPlan, strategy: tf.distribute.Strategy
    ) -> Watch:
        sizes = detector.map_sizes(model)
        return Watch(
            model,
            strategy,
            self._data.validation(sizes, strategy),
            functools.partial(self._data.validation_faces, sizes),
            self._data.val_count,
            plan.loss_weights(self._config, (1.0, 1.0)),
            self._config.model.gamma,
            f"the validation split of {self._config.data.records}",
        )

    def _validation(
        self, watch: Watch, model: keras.Model, kept: keras.Model
    ) -> Callable[[], dict[str, float]]:
        """Validates the kept model, which follows the one in training."""

        def validate() -> dict[str, float]:
            if kept is not model and self._config.training.ema is None:
                step_model.copy_weights(model, kept)
            return watch.results()

        return validate

    def _callbacks(
        self, plan: StepPlan, watch: Watch, checkpoint: StepCheckpoint
    ) -> list[keras.callbacks.Callback]:
        """What happens around the batches, in the order that `BestModel` asks for."""
        training, progress = self._config.training, checkpoint.progress
        best = callbacks.BestModel(
            plan.best_model,
            watch.model,
            progress,
            plan.score,
            plan.config.patience,
            self._chief,
        )
        save = callbacks.SaveProgress(checkpoint)
        if not self._chief:
            return [best, save]
        board = TensorBoard(
            self._run.tensorboard / plan.name,
            watch,
            scalar_every=training.scalar_every,
            image_every=training.image_every,
            epochs=plan.config.epochs,
            batch_size=training.batch_size,
            run_name=self._run.path.name,
            config_yaml=config_module.to_yaml(self._config),
            first_epoch=progress.epoch,
            first_step=progress.epoch * self._data.batches + progress.batch + 1,
        )
        bar = callbacks.ProgressBar(
            plan.name, plan.config.epochs, self._data.batches, training.batch_size
        )
        return [best, board, bar, save]

    def _restore(self, plan: StepPlan, checkpoint: StepCheckpoint) -> None:
        """Reads the newest checkpoint; all workers must have found the same one."""
        if checkpoint.restore():
            done = checkpoint.progress
            log.info(
                "%s: goes on after %d epoch(s) and %d batch(es)",
                plan.name,
                done.epoch,
                done.batch,
            )
        done = checkpoint.progress
        mine = done.epoch * self._data.batches + done.batch
        workers = self._sum_over_replicas(1)
        if self._sum_over_replicas(mine) != mine * workers:
            raise FakelocError(
                f"the workers found different checkpoints in {self._run.path}; the run "
                "folder must be one that all of them share"
            )

    def _sum_over_replicas(self, value: int) -> int:
        """A number of each worker, summed; every replica brings it."""
        if not isinstance(self._strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return value * self._strategy.num_replicas_in_sync

        def replica_sum() -> tf.Tensor:
            number = tf.constant(value, tf.int64)
            context = tf.distribute.get_replica_context()
            return context.all_reduce(tf.distribute.ReduceOp.SUM, number)

        # Not eagerly: collective operations are slow, and warn of it, there.
        total = tf.function(lambda: self._strategy.run(replica_sum), autograph=False)()
        return int(self._strategy.experimental_local_results(total)[0])

    def _wait_for_all(self) -> None:
        """Returns when every worker has come here."""
        self._sum_over_replicas(0)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns what TensorFlow says into what a person can act on."""
        records, training = self._config.data.records, self._config.training
        try:
            with dataset.explain_broken_records(records, "train", "val"):
                yield
        except loop.NonFiniteLoss as error:
            faces = self._data.names(error.records)
            raise FakelocError(f"{error}. Its faces: {'; '.join(faces)}") from error
        except tf.errors.ResourceExhaustedError as error:
            replicas = self._strategy.num_replicas_in_sync
            raise FakelocError(
                f"out of memory with training.batch_size={training.batch_size}, "
                f"training.accumulate={training.accumulate} on {replicas} replica(s), "
                f"{training.batch_size // replicas // training.accumulate} faces at "
                f"once; go on with --resume --set training.accumulate="
                f"{2 * training.accumulate}, which has the same gradient"
            ) from error

    def _conclude(self, plan: StepPlan) -> dict[str, Any]:
        """Scores the best model on validation; threshold and calibration from there."""
        model = detector.load_detector(self._run.best_model)
        watch = self._watch(model, plan, tf.distribute.get_strategy())
        records, best = self._config.data.records, self._run.best_model
        rates = self._config.calibration
        return conclude(
            self._run,
            watch,
            self._data,
            WantedRates(rates.false_positive_rate, rates.false_negative_rate),
            {
                "chosen_on": chosen_on(records, "val"),
                "sha256": hashes(self._config, best, records, USES),
            },
        )
