"""Where the replicas of the model live."""

from __future__ import annotations

import logging

import tensorflow as tf

from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)


def make_strategy(name: str, cpu_replicas: int = 1) -> tf.distribute.Strategy:
    """Makes the distribution strategy; call it before TensorFlow runs anything.

    Args:
        name: `one` (default device) or `mirrored` (all GPUs of this machine; without
            a GPU, `cpu_replicas` logical CPU devices).
        cpu_replicas: logical CPU devices where there is no GPU.

    Raises:
        FakelocError: TensorFlow already started with another number of devices.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name != "mirrored":
        raise ValueError(f"`name` must be 'one' or 'mirrored'. Received: {name!r}")
    if tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    strategy = tf.distribute.MirroredStrategy(_logical_cpus(cpu_replicas))
    log.info("no GPU: mirrored over %d logical CPU device(s)", cpu_replicas)
    return strategy


def _logical_cpus(count: int) -> list[str]:
    """Splits the CPU into logical devices and returns their names."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:  # TensorFlow has started
        found = len(tf.config.list_logical_devices("CPU"))
        if found < count:
            raise FakelocError(
                f"mirrored over {count} CPU replicas: TensorFlow already started with "
                f"{found}; start a new process"
            ) from error
    return [f"CPU:{index}" for index in range(count)]
