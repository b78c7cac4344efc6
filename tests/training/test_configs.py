"""Every shipped config builds its steps and trains one batch of each, at toy size."""

from pathlib import Path

import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf import config as config_module
from fakeloc_tf.data import dataset
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.models import detector
from fakeloc_tf.training import optimizers, step_model, steps
from fakeloc_tf.training.plan import make_plans
from fakeloc_tf.training.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(ROOT.joinpath("configs").rglob("*.yaml"))
TOY = ("model.backbone.width=0.1", "model.backbone.weights=none")
# The classifier of the published code needs the published size.
SIDE = {"paper": 64, "official": 299}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "records"
    return synthetic.write_records(folder, {"train": 4}, size=72)


def _marks(path):
    """Rows that have fewer parts than others of the same kind are slow tests."""
    slow = ("deep", "middle_deep", "semantic", "noise", "ffpp_c40", "resnet50")
    # And those whose model is that of another config.
    slow += ("demo", "scratch", "folder", "reproduce_demo", "all")
    return (pytest.mark.slow,) if path.stem in slow else ()


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=_marks(path)) for path in CONFIGS],
    ids=[path.relative_to(ROOT / "configs").as_posix() for path in CONFIGS],
)
def test_every_config_takes_one_step(path, records, tmp_path):
    config = config_module.load(path, TOY)
    side = f"model.image_size={SIDE[config.model.preset]}"
    # Not every installation has the model that the demo begins with.
    config = config_module.load(path, (*TOY, side, "training.step1_from=null"))
    run = RunFolder(tmp_path)
    run.step1_model.touch()
    for plan in make_plans(config, run):
        plan = plan.__class__(**(vars(plan) | {"start": None}))
        model = step_model.build_model(config, plan)
        optimizer = optimizers.make_optimizer(config.optimizer, 1e-3)
        optimizer.build(model.trainable_variables)
        step = steps.make_train_step(
            model,
            optimizer,
            tf.distribute.get_strategy(),
            plan.loss_weights(config, (1.0, 1.0)),
        )
        batch = next(
            iter(
                dataset.training_batches(
                    RecordSource(records, "train"),
                    image_size=config.model.image_size,
                    map_sizes=detector.map_sizes(model),
                    sigma=config.prepare.sigma,
                    batch_size=2,
                    shuffle_buffer=4,
                    augment=config.data.augment,
                    seed=0,
                    epoch=0,
                )
            )
        )
        before = [variable.numpy() for variable in model.trainable_variables]

        logs = step(batch)

        assert all(np.isfinite(float(value)) for value in logs.values()), logs
        after = [variable.numpy() for variable in model.trainable_variables]
        assert not any(
            np.array_equal(*pair) for pair in zip(before, after, strict=True)
        )
