"""What runs in a worker process: one job after the other, with bounded memory."""

from __future__ import annotations

import functools
import logging
import os
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from fakeloc_tf.errors import FakelocError

# Room for a picture of 200 megapixels and its copies.
MAX_WORKER_BYTES = 6 << 30
# What can be done about a file that a worker fails on.
SAVE_AGAIN = "save a smaller copy of it with another program, or leave it out"
# The first thing that a process sends.
STARTED = "started"

# Called with a function that sends something to the parent, then with the arguments.
Job = Callable[..., None]


@dataclass(frozen=True)
class Message:
    """Something a job told.

    Attributes:
        key: of the job, as given to `start`.
        content: what it told; None at the end.
        done: whether the job ended.
        error: why it failed, for people; None = it did not.
    """

    key: Any
    content: Any = None
    done: bool = False
    error: str | None = None


def serve(pipe: Connection) -> None:
    """Does one job after the other until the pipe closes.

    Args:
        pipe: brings (key, job, arguments); gets `STARTED`, then a `Message` for all
            that a job tells and one when it is done.
    """
    _bound()
    pipe.send(STARTED)
    while True:
        try:
            key, job, arguments = pipe.recv()
        except EOFError:
            return
        error = None
        try:
            job(functools.partial(_tell, pipe, key), *arguments)
        except Exception as fault:
            # Whatever a decoder makes of a file, the rest goes on.
            error = fault_text(fault)
        pipe.send(Message(key, done=True, error=error))


def fault_text(fault: Exception) -> str:
    """Why a job failed, for people."""
    if isinstance(fault, FakelocError):
        return str(fault)
    if isinstance(fault, MemoryError):
        return f"needs more memory than {MAX_WORKER_BYTES >> 30} GB: {SAVE_AGAIN}"
    return f"{type(fault).__name__}: {fault}; {SAVE_AGAIN}"


def _tell(pipe: Connection, key: Any, content: Any) -> None:
    """Sends what a job has to say; waits while the parent is busy."""
    pipe.send(Message(key, content))


def _bound() -> None:
    """Leaves Ctrl-C and the terminal to the parent, takes one core, bounds memory."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("fakeloc_tf").addHandler(logging.NullHandler())
    # Decoders print on what they stumble over; what matters comes as an error.
    warnings.filterwarnings("ignore", module="PIL")
    cv2.setLogLevel(0)
    cv2.setNumThreads(1)
    # libpng, libjpeg and libtiff write to the terminal, into the bar and without names.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_WORKER_BYTES, MAX_WORKER_BYTES))
