"""The runs of the experiments: which are finished, and training those that are not."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from fakeloc_tf.config import Config, load
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper.experiments import Setting, resolve, run_name
from fakeloc_tf.training.plan import STEPS
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.start import start_training

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runs:
    """Where the runs of a setting are, and what they are trained on.

    Attributes:
        folder: of the run folders, `<experiment>_<quality>` each.
        setting: of the experiments.
        records: quality → prepared records.
        overrides: of the user, for all experiments.
    """

    folder: Path
    setting: Setting
    records: Mapping[str, Path]
    overrides: Sequence[str] = ()

    def path(self, name: str, quality: str) -> Path:
        """Folder of an experiment's run."""
        return self.folder / run_name(name, quality)

    def finished(self, name: str, quality: str) -> bool:
        """Whether there is a run that was trained to its end.

        Raises:
            FakelocError: there is one that is another experiment's.
        """
        run = RunFolder(self.path(name, quality))
        # Written last, after the best model has been scored.
        if not (run.metrics.is_file() and run.best_model.is_file()):
            return False
        found = _identity(load(run.config))
        wanted = _identity(self._config(name, quality))
        differ = [key for key in wanted if found[key] != wanted[key]]
        if differ:
            said = ", ".join(f"{key}={found[key]}, not {wanted[key]}" for key in differ)
            raise FakelocError(
                f"{run.path} is no run of the experiment {name}: {said}; move it away"
            )
        return True

    def train(self, name: str, quality: str) -> None:
        """Trains an experiment, or goes on where its run stopped.

        Raises:
            FakelocError: config or records are wrong, or the folder is another run's.
        """
        config = self._config(name, quality)
        path = self.path(name, quality)
        resume = RunFolder(path).config.exists()
        before = time.monotonic()
        try:
            start_training(config, path, STEPS, resume)
        finally:
            # A dozen models one after the other would not fit into memory.
            keras.utils.clear_session()
        minutes = (time.monotonic() - before) / 60
        log.info("%s: trained in %.1f minutes", path, minutes)

    def _config(self, name: str, quality: str) -> Config:
        records = self.records[quality]
        return resolve(name, quality, self.setting, records, self.overrides)


def _identity(config: Config) -> dict[str, object]:
    """What makes an experiment what it is, whatever size and time it has."""
    return {
        "model.backbone.name": config.model.backbone.name,
        "model.heads": tuple(sorted(config.model.heads)),
        "model.taps": tuple(sorted(config.model.taps)),
        "model.five_way": config.model.five_way,
        "data.methods": tuple(sorted(config.data.methods)),
        "prepare.sigma": config.prepare.sigma,
    }
