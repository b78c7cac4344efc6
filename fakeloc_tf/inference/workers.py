"""Processes that read strangers' files: bounded in memory, killed where they hang.

A worker takes one job at a time and streams what it tells. A reader thread a worker
puts that into one queue of bounded size: where the model is slower than the workers,
they wait, so that memory does not grow with the length of a video.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import queue
import signal
import threading
import time
from typing import Any

from fakeloc_tf.inference.cores import usable_cores
from fakeloc_tf.inference.worker_process import SAVE_AGAIN, STARTED, Job, Message, serve

# A picture or a frame that takes longer is given up.
STALL_SECONDS = 120.0
# Messages that wait for the model; a frame's crops take some hundred KB.
QUEUE_SIZE = 32
# How often silence is noted, and `get` looks whether a worker hangs.
TICK_SECONDS = 0.2
# A process that closed its pipe has ended, or is about to.
_END_SECONDS = 5.0
# More are no faster than one model, and each takes 200 MB.
MAX_DEFAULT_WORKERS = 16


def default_workers() -> int:
    """One a core that this process may use."""
    return min(usable_cores(), MAX_DEFAULT_WORKERS)


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
        self._queue: queue.Queue[_Told] = queue.Queue(QUEUE_SIZE)
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(self._context, self._queue))
        except BaseException:
            # Nobody else could end those that have started.
            self.close()
            raise

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every process, whatever it is doing, and forgets what it told."""
        for worker in self._workers:
            worker.kill()
        # A thread that waits for room would wait, and keep its crops, for ever.
        while any(worker.is_read for worker in self._workers):
            with contextlib.suppress(queue.Empty):
                self._queue.get(timeout=TICK_SECONDS)

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
        if not worker.process.is_alive():
            # It died after its last job, which is no fault of this one.
            worker = self._renew(worker)
        worker.start(key, job, arguments)

    def give_up(self, key: Any) -> None:
        """Kills the process that has the job `key`, if one has; it is replaced.

        Nothing is told of the job any more, save what is on its way already.
        """
        for worker in self._workers:
            if worker.key == key:
                worker.key = None
                worker.kill()

    def wake(self) -> None:
        """Makes a `get` that waits in another thread return None now."""
        with contextlib.suppress(queue.Full):  # then it does not wait
            self._queue.put_nowait(_Woken())

    def get(self, wait_seconds: float = math.inf) -> Message | None:
        """The next message; None where none comes within `wait_seconds`."""
        end = time.monotonic() + wait_seconds
        while True:
            self._kill_the_stalled()
            left = min(TICK_SECONDS, end - time.monotonic())
            try:
                found = self._queue.get(left > 0, max(left, 0.0))
            except queue.Empty:
                if time.monotonic() >= end:
                    return None
                continue
            if isinstance(found, _Woken):
                return None
            if isinstance(found, Message):
                # No worker has the key of a job that was given up.
                for worker in self._workers:
                    if found.done and worker.key == found.key:
                        worker.key = None
                return found
            if (message := self._replace(found.worker)) is not None:
                return message

    def _kill_the_stalled(self) -> None:
        """Kills workers that said nothing for too long; `get` replaces them."""
        limit = self.stall_seconds
        for worker in self._workers:
            if worker.silent_seconds > limit and not worker.fault:
                worker.fault = (
                    f"takes longer than {limit:g} s; it was given up: {SAVE_AGAIN}"
                )
                worker.process.kill()

    def _replace(self, worker: _Worker) -> Message | None:
        """A new process for one that died; the message that its job failed."""
        if worker not in self._workers:
            return None
        key = worker.key
        worker.process.join(_END_SECONDS)
        worker.kill()
        fault = worker.fault or _fault_of(worker.process.exitcode)
        self._renew(worker)
        return None if key is None else Message(key, done=True, error=fault)

    def _renew(self, worker: _Worker) -> _Worker:
        """Puts a new process in the place of one that died."""
        new = _Worker(self._context, self._queue)
        self._workers[self._workers.index(worker)] = new
        return new


class _Woken:
    """Somebody wants `get` to return."""


class _Ended:
    """The reader thread says that its worker's pipe was closed."""

    def __init__(self, worker: _Worker) -> None:
        self.worker = worker


_Told = Message | _Ended | _Woken


class _Worker:
    """One process, its pipe and the thread that reads it.

    Attributes:
        key: of its job; None = it has none.
        fault: why it was killed; empty = it was not.
        silent_seconds: for which its job has told nothing.
    """

    def __init__(self, context: Any, messages: queue.Queue[_Told]) -> None:
        self._pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.key: Any = None
        self.fault = ""
        # Written by the thread alone: it counts only while it waits for a job, not
        # while the process starts, has no job, or the parent is slower. Ticks instead
        # of a clock: a call that the user stops (Ctrl-Z) for an hour did not hang.
        self.silent_seconds = 0.0
        self._jobs = 0
        self._messages = messages
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def is_read(self) -> bool:
        """Whether something may still come from it."""
        return self._thread.is_alive()

    def start(self, key: Any, job: Job, arguments: tuple[Any, ...]) -> None:
        self.key = key
        self._jobs += 1
        try:
            self._pipe.send((key, job, arguments))
        except (BrokenPipeError, ConnectionResetError):
            pass  # it died just now: the thread tells, and the job counts as failed

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def _read(self) -> None:
        """Moves messages from the pipe to the queue until the process ends."""
        started, done = False, 0
        try:
            while True:
                while not self._pipe.poll(TICK_SECONDS):
                    if started and self._jobs > done:
                        self.silent_seconds += TICK_SECONDS
                message = self._pipe.recv()
                self.silent_seconds = 0.0
                if message == STARTED:
                    started = True
                    continue
                done += message.done
                self._messages.put(message)
        except (EOFError, OSError):
            pass
        finally:
            self._messages.put(_Ended(self))


def _fault_of(exitcode: int | None) -> str:
    """Why a process died, for people."""
    if exitcode is not None and exitcode < 0:
        return f"broke the decoder ({signal.Signals(-exitcode).name}): {SAVE_AGAIN}"
    return f"ended the decoder (exit status {exitcode}): {SAVE_AGAIN}"
