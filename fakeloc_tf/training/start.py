"""Checks a run before any work is done, then trains it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from fakeloc_tf.config import Config
from fakeloc_tf.data.demo_records import ensure_demo_records
from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.variants import check_backbone
from fakeloc_tf.training.plan import make_plans
from fakeloc_tf.training.provenance import provenance_of, write_provenance
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.strategies import check_tf_config, is_chief, make_strategy
from fakeloc_tf.training.training_data import check_batch, check_data
from fakeloc_tf.training.two_step import TwoStepTraining

log = logging.getLogger(__name__)


def start_training(
    config: Config, folder: Path, steps: Sequence[str], resume: bool
) -> dict[str, Any] | None:
    """Trains a config into a run folder.

    Args:
        config: of the run.
        folder: of the run.
        steps: of `plan.STEPS`.
        resume: go on where the folder's run stopped.

    Returns:
        Validation results of the finished run (`TwoStepTraining.train`).

    Raises:
        FakelocError: something in config, records, folder or cluster is wrong; nothing
            has been written then.
    """
    training = config.training
    if training.strategy == "multi_worker":
        check_tf_config()
        if config.data.demo and not Path(config.data.records).exists():
            raise FakelocError(
                f"{config.data.records} is missing: several workers do not make the "
                "demo set; train on one machine first"
            )
    ensure_demo_records(config)
    check_data(dataset_info(config.data.records), config)
    check_backbone(config.model, config.model.heads)
    run = RunFolder(folder)
    plans = make_plans(config, run, steps)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()
    strategy = make_strategy(training.strategy, training.cpu_replicas)
    replicas = strategy.num_replicas_in_sync
    check_batch(config, replicas)
    chief = is_chief(training.strategy)
    if chief:
        provenance = provenance_of(config, folder)
        run.start(config, resume)
        write_provenance(provenance, folder)
    log.info("run %s: strategy %s, %d replica(s)", folder, training.strategy, replicas)
    return TwoStepTraining(config, run, strategy, chief).train(plans)
