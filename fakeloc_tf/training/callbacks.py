"""What happens around the batches: progress bar, best model, checkpoint."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from fakeloc_tf.training import checkpoints

log = logging.getLogger(__name__)
# Reading a loss waits for the device; a progress bar does not need each batch's.
READ_EVERY = 5
# What a line has room for; TensorBoard has the rest.
SHOWN = (
    "loss",
    "classification",
    "semantic",
    "noise",
    "val_loss",
    "val_auc",
    "val_accuracy",
    "val_iou",
)


class ProgressBar(keras.callbacks.Callback):
    """A bar per epoch with loss terms and images a second, then a line to keep."""

    def __init__(self, title: str, epochs: int, batches: int, batch_size: int) -> None:
        super().__init__()
        self._title = title
        self._epochs = epochs
        self._batches = batches
        self._batch_size = batch_size
        self._console = Console(stderr=True)
        self._progress: Progress | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Starts a bar."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=self._console,
            transient=True,
        )
        self._progress.start()
        name = f"{self._title} epoch {epoch + 1}/{self._epochs}"
        self._task = self._progress.add_task(name, total=self._batches, losses="")
        self._started = time.monotonic()
        self._done = 0
        self._waited = self._trained = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Moves the bar."""
        self._done += 1
        self._waited += (logs or {}).get("data_wait", 0.0)
        self._trained = time.monotonic() - self._started
        if self._progress is None or self._done % READ_EVERY:
            return
        text = f"{_format(logs)} {self._rate():.1f} images/s"
        self._progress.update(self._task, completed=batch + 1, losses=text)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Leaves one line in the log."""
        self._stop()
        seconds = time.monotonic() - self._started
        name = f"{self._title} epoch {epoch + 1}/{self._epochs}"
        text = f"{_format(logs)} {self._rate():.1f} images/s"
        waited = self._waited / max(self._trained, 1e-9)
        self._console.print(
            f"{name} {seconds:.0f}s {text}, waited for data {waited:.1%}",
            highlight=False,
        )

    def on_train_end(self, logs: Any = None) -> None:
        """Clears a bar that was interrupted."""
        self._stop()

    def _rate(self) -> float:
        """Of this session's part of the epoch, without its validation."""
        return self._done * self._batch_size / max(self._trained, 1e-9)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class BestModel(keras.callbacks.Callback):
    """Keeps the model with the best validation result; stops where none comes.

    It comes first of all callbacks, so that the others know of the last epoch by
    `model.stop_training`, and `SaveProgress` last: a run that is killed between the
    model and the checkpoint that knows of it repeats the end of the epoch and writes
    the same model again.

    Args:
        path: of the best model (`.keras`).
        kept: the model that is validated and written; the one in training or its
            average.
        progress: of this training step.
        score: validation logs → (first, tie-breaker), greater is better.
        patience: epochs without a better result after which the step is complete.
        chief: False for workers that write no model.
    """

    def __init__(
        self,
        path: Path,
        kept: keras.Model,
        progress: checkpoints.Progress,
        score: Callable[[dict[str, float]], tuple[float, float]],
        patience: int | None = None,
        chief: bool = True,
    ) -> None:
        super().__init__()
        self._path = path
        self._kept = kept
        self._progress = progress
        self._score = score
        self._patience = patience
        self._chief = chief

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Compares this epoch's result with the best one so far."""
        progress = self._progress
        score = self._score(logs or {})
        progress.waited += 1
        if score > progress.best:
            progress.best, progress.waited = score, 0
            if self._chief:
                temporary = self._path.with_name(f".{self._path.stem}.tmp.keras")
                self._kept.save(temporary)
                temporary.replace(self._path)
        if self._patience is not None and progress.waited >= self._patience:
            progress.complete = self.model.stop_training = True
            log.info(
                "no better validation result for %d epoch(s): stopped after epoch %d",
                progress.waited,
                epoch + 1,
            )


class SaveProgress(keras.callbacks.Callback):
    """Saves the step's checkpoint after every epoch; the last of all callbacks."""

    def __init__(self, checkpoint: checkpoints.StepCheckpoint) -> None:
        super().__init__()
        self._checkpoint = checkpoint

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Saves what this epoch made."""
        self._checkpoint.save()


def _format(logs: Any) -> str:
    shown = {name: value for name, value in (logs or {}).items() if name in SHOWN}
    return " ".join(f"{name}={float(value):.4f}" for name, value in shown.items())
