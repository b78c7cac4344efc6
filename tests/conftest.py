"""What every test shares."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
import tensorflow as tf


def pytest_configure() -> None:
    """Splits the CPU in two before TensorFlow starts, for the mirrored strategy."""
    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Every test starts from the same weights."""
    import keras

    keras.utils.set_random_seed(0)
