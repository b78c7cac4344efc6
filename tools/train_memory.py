"""Memory of a training step: measured in a process of its own, and from its graph."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import tensorflow as tf

MEGABYTE = 2**20
# Their output is the memory of their input.
VIEWS = ("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient", "IdentityN")


def peak_megabytes(run: Callable[..., object], *args: Any) -> float:
    """Peak resident memory of a new process that only calls `run(*args)`."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_run_and_read, run, args).result()


def _run_and_read(run: Callable[..., object], args: tuple[Any, ...]) -> float:
    run(*args)
    # Not `ru_maxrss`: that is at least what the parent had when it forked.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise ValueError("no VmHWM in /proc/self/status; this needs Linux")


def graph_megabytes(graph: tf.Graph) -> float:
    """Most memory that the tensors of a graph need at once, variables not counted.

    Operations run in the order in which they were made, forward and then back, and a
    tensor is freed after its last use. Workspaces of the operations and memory that
    the allocator wastes come on top; operations that work in place need less.

    Raises:
        ValueError: the graph has tensors of unknown shape.
    """
    operations = graph.get_operations()
    last_use: dict[Any, int] = {}
    for number, operation in enumerate(operations):
        for tensor in operation.inputs:
            last_use[_memory_of(tensor)] = number
    freed: dict[int, int] = {}
    live = peak = 0
    for number, operation in enumerate(operations):
        for tensor in operation.outputs:
            if _memory_of(tensor) == tensor.ref():
                size = _bytes(tensor)
                live += size
                end = last_use.get(tensor.ref(), number)
                freed[end] = freed.get(end, 0) + size
        peak = max(peak, live)
        live -= freed.pop(number, 0)
    return peak / MEGABYTE


def _memory_of(tensor: tf.Tensor) -> Any:
    """The tensor, as a key, that holds the memory of this one."""
    while tensor.op.type in VIEWS:
        tensor = tensor.op.inputs[tensor.value_index]
    return tensor.ref()


def _bytes(tensor: tf.Tensor) -> int:
    # A variable's value is counted with the variables.
    if tensor.dtype in (tf.resource, tf.variant, tf.string):
        return 0
    if tensor.op.type in ("ReadVariableOp", "Placeholder", "Const"):
        return 0
    # Of unknown rank is only the private space of cuDNN's batch normalisation.
    if tensor.shape.rank is None:
        return 0
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"the shape of {tensor.name} is unknown: {tensor.shape}")
    return tensor.shape.num_elements() * tensor.dtype.size
