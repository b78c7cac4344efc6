"""Processes that read strangers' files: bounded in memory, killed where they hang.

A worker takes one job at a time and streams what it tells. A reader thread a worker
puts that into one queue of bounded size: where the model is slower than the workers,
they wait, so that memory does not grow with the length of a video.
"""

from __future__ import annotations

import functools
import logging
import multiprocessing
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from fakeloc_tf.errors import FakelocError

# A picture or a frame that takes longer is given up.
STALL_SECONDS = 120.0
# Room for a picture of 200 megapixels and its copies.
MAX_WORKER_BYTES = 6 << 30
# Messages that wait for the model; a frame's crops take some hundred KB.
QUEUE_SIZE = 32

# What can be done about a file that a worker fails on.
SAVE_AGAIN = "save a smaller copy of it with another program, or leave it out"

# The first thing that a process sends.
_STARTED = "started"

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


class Workers:
    """A fixed number of worker processes; use it as a context manager.

    Attributes:
        stall_seconds: a job that says nothing for longer is given up.
    """

    def __init__(self, count: int, stall_seconds: float = STALL_SECONDS) -> None:
        """Starts `count` >= 1 processes."""
        if count < 1:
            raise ValueError(f"`count` must be >= 1. Received: {count}")
        self.stall_seconds = stall_seconds
        self._queue: queue.Queue[Message | _Ended] = queue.Queue(QUEUE_SIZE)
        self._context = multiprocessing.get_context("spawn")
        self._workers = [_Worker(self._context, self._queue) for _ in range(count)]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every process, whatever it is doing."""
        for worker in self._workers:
            worker.kill()

    @property
    def idle(self) -> int:
        """How many have no job."""
        return sum(worker.key is None for worker in self._workers)

    def start(self, key: Any, job: Job, *arguments: Any) -> None:
        """Gives a job to an idle worker.

        Args:
            key: comes back with each message; not None.
            job: a function at the top of a module; its first argument is the function
                that it calls with whatever it has to tell.
            arguments: the others; they and what it tells must be picklable.
        """
        worker = next(worker for worker in self._workers if worker.key is None)
        worker.start(key, job, arguments)

    def get(self, wait: bool = True) -> Message | None:
        """The next message; None where `wait` is False and there is none."""
        while True:
            self._kill_the_stalled()
            try:
                found = self._queue.get(wait, 0.2)
            except queue.Empty:
                if not wait:
                    return None
                continue
            if isinstance(found, Message):
                if found.done:
                    self._worker_of(found.key).key = None
                return found
            if (message := self._replace(found.worker)) is not None:
                return message

    def _worker_of(self, key: Any) -> _Worker:
        return next(worker for worker in self._workers if worker.key == key)

    def _kill_the_stalled(self) -> None:
        """Kills workers that said nothing for too long; `get` replaces them."""
        for worker in self._workers:
            since = worker.silent_since
            if worker.key is None or since is None:
                continue
            limit = self.stall_seconds
            if time.monotonic() - since > limit and not worker.fault:
                worker.fault = (
                    f"takes longer than {limit:g} s; it was given up: {SAVE_AGAIN}"
                )
                worker.process.kill()

    def _replace(self, worker: _Worker) -> Message | None:
        """A new process for one that died; the message that its job failed."""
        if worker not in self._workers:
            return None
        key = worker.key
        worker.process.join()
        fault = worker.fault or _fault_of(worker.process.exitcode)
        at = self._workers.index(worker)
        self._workers[at] = _Worker(self._context, self._queue)
        return None if key is None else Message(key, done=True, error=fault)


class _Ended:
    """The reader thread says that its worker's pipe was closed."""

    def __init__(self, worker: _Worker) -> None:
        self.worker = worker


class _Worker:
    """One process, its pipe and the thread that reads it."""

    def __init__(self, context: Any, messages: queue.Queue[Message | _Ended]) -> None:
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.key: Any = None
        self.fault = ""
        # When the thread began to wait for the worker; None while the process starts
        # and while the model is slower.
        self.silent_since: float | None = None
        self._messages = messages
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, key: Any, job: Job, arguments: tuple[Any, ...]) -> None:
        self.key = key
        if self.silent_since is not None:
            self.silent_since = time.monotonic()
        try:
            self._pipe.send((key, job, arguments))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it died idle: the thread tells, and the job counts as failed

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def _read(self) -> None:
        """Moves messages from the pipe to the queue until the process ends."""
        while True:
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):
                break
            self.silent_since = None
            if message != _STARTED:
                self._messages.put(message)
            self.silent_since = time.monotonic()
        self._messages.put(_Ended(self))


def _serve(pipe: Connection) -> None:
    """What runs in the process: one job after the other until the pipe closes."""
    _bound()
    pipe.send(_STARTED)
    while True:
        try:
            key, job, arguments = pipe.recv()
        except EOFError:
            return
        error = None
        try:
            job(functools.partial(_tell, pipe, key), *arguments)
        except FakelocError as fault:
            error = str(fault)
        except MemoryError:
            error = f"needs more memory than {MAX_WORKER_BYTES >> 30} GB: {SAVE_AGAIN}"
        except Exception as fault:
            # Whatever a decoder makes of a file, the rest goes on.
            error = f"{type(fault).__name__}: {fault}; {SAVE_AGAIN}"
        pipe.send(Message(key, done=True, error=error))


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


def _fault_of(exitcode: int | None) -> str:
    """Why a process died, for people."""
    if exitcode is not None and exitcode < 0:
        return f"broke the decoder ({signal.Signals(-exitcode).name}): {SAVE_AGAIN}"
    return f"ended the decoder (exit status {exitcode}): {SAVE_AGAIN}"
