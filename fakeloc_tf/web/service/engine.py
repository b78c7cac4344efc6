"""One thread that runs the model for all requests; worker processes read the files."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.inputs import InputFile
from fakeloc_tf.inference.outputs import MaskKeeper, Row
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.inference.under_way import FilesUnderWay
from fakeloc_tf.inference.workers import Workers

log = logging.getLogger(__name__)

# One is kept free of videos, so that no picture waits for the end of a long one.
MIN_WORKERS = 2
# The thread is woken for whatever happens; this is only how long it sleeps at most.
_SLEEP_SECONDS = 5.0
# Before another start, where one failed.
_PAUSE_SECONDS = 5.0


class EngineError(RuntimeError):
    """The file was not looked at, for no fault of its own."""


@dataclass(eq=False)
class Job:
    """One file of one request.

    Attributes:
        item: the file; its name is the request's.
        masks: what keeps the maps; None = nothing does.
        answer: gets the row of `fakeloc detect`, or an `EngineError`.
    """

    item: InputFile
    masks: MaskKeeper | None = None
    answer: Future[Row] = field(default_factory=Future)

    def finish(self, row: Row) -> None:
        """Answers, unless it is answered."""
        with suppress(InvalidStateError):
            self.answer.set_result(row)

    def fail(self, reason: str) -> None:
        """Answers that there will be no row."""
        with suppress(InvalidStateError):
            self.answer.set_exception(EngineError(reason))


class Engine:
    """Faces of many requests share the model's batches; `close` ends it."""

    def __init__(
        self, detector: Detector, settings: Settings, workers: int, stall_seconds: float
    ) -> None:
        """Starts the processes and the thread, and runs the model once.

        Args:
            detector: scores the faces.
            settings: for looking at files.
            workers: processes, >= `MIN_WORKERS`.
            stall_seconds: a process that says nothing for longer is given up.
        """
        if workers < MIN_WORKERS:
            raise ValueError(f"`workers` must be >= {MIN_WORKERS}. Received: {workers}")
        self.detector = detector
        self.workers = workers
        self._settings = settings
        self._stall_seconds = stall_seconds
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._running: dict[str, Job] = {}
        self._given_up: list[str] = []
        self._closing = threading.Event()
        self._pool = Workers(workers, stall_seconds)
        self._up = True
        self._warm_up()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many files wait for a process."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many files are looked at."""
        return len(self._running)

    @property
    def alive(self) -> bool:
        """Whether files are looked at."""
        return self._thread.is_alive() and self._up and not self._closing.is_set()

    def submit(self, job: Job) -> None:
        """Lines a file up; its answer comes at any time, in another thread."""
        with self._lock:
            self._waiting.append(job)
        if not self.alive:
            self._fail_all("the engine does not run")
        self._pool.wake()

    def give_up(self, job: Job) -> None:
        """Ends the work on a file, if there still is any; nobody waits for it."""
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            else:
                self._given_up.append(job.item.name)
        job.fail("nobody waits for it any more")
        self._pool.wake()

    def stop(self) -> None:
        """Fails what waits and what is under way, and takes nothing more."""
        self._closing.set()
        self._pool.wake()
        self._fail_all("the service is stopping")

    def close(self) -> None:
        """Ends thread and processes; files that are under way fail."""
        self.stop()
        self._thread.join()
        self._pool.close()
        self._fail_all("the service is stopping")

    def _run(self) -> None:
        """Goes on after a fault of the model; all that was lined up then has failed."""
        while not self._closing.is_set():
            try:
                self._serve()
            except Exception:
                log.exception("the engine failed and starts again")
                self._fail_all("the engine failed")
                self._restart()

    def _restart(self) -> None:
        """New processes, and a model that answers; tries until there are."""
        while not self._closing.is_set():
            try:
                self._pool.close()
                self._pool = Workers(self.workers, self._stall_seconds)
                self._warm_up()
                self._up = True
                return
            except Exception:
                log.exception("the engine does not start")
                self._up = False
                self._fail_all("the engine does not run")
                self._closing.wait(_PAUSE_SECONDS)

    def _warm_up(self) -> None:
        """The first call builds the graph, which takes seconds."""
        size = self.detector.info.crop_size
        self.detector.detect_faces(np.zeros((1, size, size, 3), np.uint8))

    def _serve(self) -> None:
        """Looks at files until the end."""
        with FilesUnderWay(
            self.detector, None, self._settings, self._pool
        ) as under_way:
            while not self._closing.is_set():
                self._drop(under_way)
                while under_way.has_room and (job := self._next()):
                    under_way.start(job.item, job.masks)
                for row in under_way.step(_SLEEP_SECONDS):
                    if job := self._running.pop(row["name"], None):
                        job.finish(row)

    def _drop(self, under_way: FilesUnderWay) -> None:
        """Cancels what was given up."""
        with self._lock:
            names, self._given_up = self._given_up, []
        for name in names:
            self._running.pop(name, None)
            under_way.cancel(name, "given up")

    def _next(self) -> Job | None:
        """The first file that waits and may start now."""
        with self._lock:
            videos = sum(job.item.kind == "video" for job in self._running.values())
            for job in self._waiting:
                if job.item.kind != "video" or videos < self.workers - 1:
                    self._waiting.remove(job)
                    self._running[job.item.name] = job
                    return job
        return None

    def _fail_all(self, reason: str) -> None:
        """Fails what waits and what runs."""
        with self._lock:
            jobs = [*self._waiting, *self._running.values()]
            self._waiting.clear()
            self._running.clear()
        for job in jobs:
            job.fail(reason)
