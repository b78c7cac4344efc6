"""A whole experiment: every section in one."""

from __future__ import annotations

from fakeloc_tf.config.data import DataConfig, PrepareConfig
from fakeloc_tf.config.model import ModelConfig
from fakeloc_tf.config.section import Section
from fakeloc_tf.config.training import (
    CalibrationConfig,
    LossConfig,
    OptimizerConfig,
    TrainingConfig,
)


class Config(Section):
    """A whole experiment: one YAML file under `configs/`."""

    name: str = "demo"
    prepare: PrepareConfig = PrepareConfig()
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    calibration: CalibrationConfig = CalibrationConfig()

    @property
    def passes(self) -> int:
        """Passes over the training faces in both steps: what fair rivals share.

        Step 1 trains semantic heads: without them there is none.
        """
        first = self.training.step1.epochs if "semantic" in self.model.heads else 0
        return first + self.training.step2.epochs
