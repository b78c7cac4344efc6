"""Where the replicas of the model live: one device, several, or several machines."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)

# What TensorFlow raises on the workers that are left when one has died.
_WORKER_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.CancelledError,
)


def make_strategy(name: str, cpu_replicas: int = 1) -> tf.distribute.Strategy:
    """Makes the distribution strategy; call it before TensorFlow runs anything.

    Args:
        name: `one` (default device), `mirrored` (all GPUs of this machine; without
            a GPU, `cpu_replicas` logical CPU devices) or `multi_worker` (the machines
            of TF_CONFIG, each with all its GPUs; waits until all are there).
        cpu_replicas: logical CPU devices for `mirrored` where there is no GPU.

    Raises:
        FakelocError: TensorFlow already started with another number of devices, or
            TF_CONFIG is missing or wrong.
    """
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "multi_worker":
        workers = check_tf_config()
        log.info("waiting for %d workers", workers)
        with worker_errors():
            return tf.distribute.MultiWorkerMirroredStrategy()
    if name != "mirrored":
        raise ValueError(
            f"`name` must be 'one', 'mirrored' or 'multi_worker'. Received: {name!r}"
        )
    if tf.config.list_physical_devices("GPU"):
        return tf.distribute.MirroredStrategy()
    strategy = tf.distribute.MirroredStrategy(_logical_cpus(cpu_replicas))
    log.info("no GPU: mirrored over %d logical CPU device(s)", cpu_replicas)
    return strategy


def is_chief(strategy_name: str) -> bool:
    """Whether this process writes the run folder: the first worker, or the only one."""
    if strategy_name != "multi_worker":
        return True
    task = _tf_config().get("task", {})
    return task.get("type") == "chief" or (
        task.get("type") == "worker"
        and task.get("index") == 0
        and "chief" not in _tf_config()["cluster"]
    )


def check_tf_config() -> int:
    """The number of workers that TF_CONFIG names.

    Raises:
        FakelocError: it is missing or does not name this worker.
    """
    config = _tf_config()
    try:
        cluster, task = config["cluster"], config["task"]
        _ = cluster[task["type"]][int(task["index"])]
        return sum(len(cluster.get(kind, [])) for kind in ("chief", "worker"))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise FakelocError(
            "--strategy multi_worker needs TF_CONFIG in the environment of each "
            'worker: {"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": '
            f'{{"type": "worker", "index": 0}}}}. Received: {config or "nothing"}'
        ) from error


@contextmanager
def worker_errors() -> Iterator[None]:
    """Says what to do where TensorFlow says that another worker is gone."""
    try:
        yield
    except _WORKER_LOST as error:
        # Behind a traceback of the graph TensorFlow says what happened.
        reason = error.message.split("Collective ops is aborted by:")[-1].strip()
        reason = reason.splitlines()[0][:200]
        raise FakelocError(
            f"a worker of the cluster does not answer any more ({reason}). Stop the "
            "workers that are left and start all of them again with --resume"
        ) from error


def _tf_config() -> dict:
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text) if text else {}
    except json.JSONDecodeError as error:
        raise FakelocError(f"TF_CONFIG is not JSON: {error}") from error
    return config if isinstance(config, dict) else {}


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
