"""Typed, frozen configuration: YAML file + overrides; every default lives here.

Read with `load`, saved with `dump`. A key that does not exist or a value of the wrong
type is a `FakelocError` that names the key, its file and the nearest valid key.
"""

from fakeloc_tf.config.data import AugmentConfig, DataConfig, MadeConfig, PrepareConfig
from fakeloc_tf.config.experiment import Config
from fakeloc_tf.config.files import config_sha256, dump, load, to_yaml
from fakeloc_tf.config.model import BackboneConfig, ModelConfig
from fakeloc_tf.config.training import (
    CalibrationConfig,
    LossConfig,
    OptimizerConfig,
    StepConfig,
    TrainingConfig,
)

__all__ = [
    "AugmentConfig",
    "BackboneConfig",
    "CalibrationConfig",
    "Config",
    "DataConfig",
    "LossConfig",
    "MadeConfig",
    "ModelConfig",
    "OptimizerConfig",
    "PrepareConfig",
    "StepConfig",
    "TrainingConfig",
    "config_sha256",
    "dump",
    "load",
    "to_yaml",
]
