"""An upload → the answer that the page shows; nothing of it stays on the disk."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import report
from fakeloc_tf.inference.call import describe_call
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.inputs import InputFile, kind_of
from fakeloc_tf.inference.outputs import Outputs, Row
from fakeloc_tf.inference.run import detect_files
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, Settings
from fakeloc_tf.inference.workers import Workers
from fakeloc_tf.web.limits import SUFFIXES, Limits, without_path
from fakeloc_tf.web.ui.answer import Answer, failure, of_row

log = logging.getLogger(__name__)

# Told while a file is worked on: the share that is done, 0..1.
Tell = Callable[[float], None]


class Examiner:
    """Answers one visitor at a time: the model and the worker process are shared."""

    def __init__(
        self,
        detector: Detector,
        model: shipped.Given,
        limits: Limits,
        folder: Path,
    ) -> None:
        """Starts a worker process; `close` ends it.

        Args:
            detector: scores the faces.
            model: where it is from.
            limits: of an upload.
            folder: exists; the work on each upload has a folder of its own in it,
                that is removed with the answer.
        """
        self.detector = detector
        self.limits = limits
        self._folder = folder
        self._lock = threading.Lock()
        self._stall_seconds = limits.time_limit
        self._workers = self._new_workers()
        self._settings = Settings.of_model(
            detector.info,
            fps=FPS,
            face_side=FACE_SIDE,
            max_seconds=limits.max_seconds,
        )
        self._call = _public_call(model, detector, self._settings)

    def close(self) -> None:
        """Ends the worker process."""
        self._workers.close()

    def answer(
        self, upload: Path, name: str, tell: Tell = lambda share: None
    ) -> Answer:
        """Examines a copy of `upload`.

        Args:
            upload: the file.
            name: how the visitor calls it; shown, never made a path.
            tell: called with the share that is done.

        Returns:
            The answer; a fault of the file is one too.
        """
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            return failure(
                name, f"It is neither a picture nor a video of {', '.join(SUFFIXES)}."
            )
        try:
            with self._lock, tempfile.TemporaryDirectory(dir=self._folder) as work:
                path = Path(work) / f"upload{suffix}"
                shutil.copyfile(upload, path)
                self.limits.check(path)
                return self._answer(path, name, tell)
        except FakelocError as error:
            return failure(name, str(error))
        except Exception:
            # A page that goes on is worth more than the reason, which the log has.
            log.exception("an upload could not be examined")
            return failure(name, "Something went wrong here; the server's log says it.")

    def _answer(self, path: Path, name: str, tell: Tell) -> Answer:
        """The answer for the copy at `path`."""
        folder = path.parent / "results"
        item = InputFile(path, kind_of(path), "upload", title=name)
        row = self._row(item, Outputs(folder, self._call_now()), tell)
        if "reason" in row:
            row["reason"] = without_path(row["reason"], path)
        return of_row(row, name, report.html(folder, beside=False), self.detector.info)

    def _call_now(self) -> dict[str, Any]:
        """`call.json` of one upload: it starts now, not when the page did."""
        return self._call | {"started": datetime.now(UTC).isoformat(timespec="seconds")}

    def _row(self, item: InputFile, outputs: Outputs, tell: Tell) -> Row:
        """Does what `fakeloc detect` does with one file, and looks at the clock."""
        end = time.monotonic() + self.limits.time_limit

        def on_progress(done: float) -> None:
            if time.monotonic() > end:
                raise _TimeIsOver
            tell(done)

        rows = detect_files(
            self.detector,
            [item],
            outputs,
            self._settings,
            self._workers,
            on_progress=on_progress,
        )
        try:
            (row,) = rows
            return row
        except BaseException as error:
            # Its process may be in the middle of the file.
            self._workers.close()
            self._workers = self._new_workers()
            if isinstance(error, _TimeIsOver):
                raise FakelocError(
                    f"It took longer than {self.limits.time_limit:g} s, which is the "
                    "limit here. Try a shorter video or a smaller picture, or use "
                    "`fakeloc detect`."
                ) from error
            raise

    def _new_workers(self) -> Workers:
        return Workers(1, self._stall_seconds)


class _TimeIsOver(Exception):
    """The time limit of an upload."""


def _public_call(
    model: shipped.Given, detector: Detector, settings: Settings
) -> dict[str, Any]:
    """`call.json` for visitors, who must not learn the server's folders."""
    call = describe_call(model, detector.info, settings, ["fakeloc", "ui"])
    return call | {
        "model": call["model"] | {"path": shipped.locate(model).resolve().name}
    }
