"""Makes tables and figures from runs, and trains the runs that are missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fakeloc_tf.data.demo_records import ensure_demo_records
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper.catalogue import ITEMS
from fakeloc_tf.evaluation.paper.experiments import resolve, run_name
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.evaluation.paper.runs import Runs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of one item.

    Attributes:
        name: a key of `catalogue.ITEMS`.
        files: what was written.
        reasons: why it was not made, or what it lacks; none = it is whole.
    """

    name: str
    files: tuple[Path, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass
class Reproduction:
    """Tables and figures, one after the other; one that fails does not stop the rest.

    Attributes:
        runs: of the experiments.
        records: all prepared records by name, those of `runs` and others.
        out: folder for what is made.
        train: train what is missing.
        command: the user's call without names, for messages.
    """

    runs: Runs
    records: dict[str, Path]
    out: Path
    train: bool
    command: str = "fakeloc reproduce"
    _why: dict[str, str] = field(default_factory=dict)

    def make(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Trains what an item needs, makes it, and goes on to the next.

        Args:
            names: keys of `catalogue.ITEMS`.
        """
        needed = dict.fromkeys(run for name in names for run in self._needs(name))
        places = {run: place for place, run in enumerate(needed, start=1)}
        for name in names:
            for run in self._needs(name):
                if place := places.pop(run, None):
                    self._find(run, f"{place} of {len(needed)}")
            yield self._make(name)

    def _needs(self, item: str) -> list[tuple[str, str]]:
        """(experiment, quality) of the runs of an item."""
        qualities = [q for q in ITEMS[item].qualities if q in self.runs.records]
        return [
            (name, quality)
            for name in ITEMS[item].experiments
            for quality in self.runs.setting.qualities(name, qualities)
        ]

    def _find(self, run: tuple[str, str], place: str) -> None:
        """Notes why there is no run, after training it if that is wanted."""
        try:
            if self.runs.finished(*run):
                return
            if not self.train:
                self._why[run_name(*run)] = "not trained"
                return
            log.info("run %s: %s", place, run_name(*run))
            self.runs.train(*run)
        except FakelocError as error:
            log.warning("%s: %s", run_name(*run), error)
            self._why[run_name(*run)] = str(error)

    def _make(self, name: str) -> Outcome:
        """One item from the runs that there are."""
        needs = {run_name(*run): self.runs.path(*run) for run in self._needs(name)}
        there = {run: path for run, path in needs.items() if run not in self._why}
        missing = self._explain(name, [run for run in needs if run not in there])
        if ITEMS[name].experiments and not there:
            data = " or ".join(f"--data {q}=RECORDS" for q in ITEMS[name].qualities)
            return Outcome(name, reasons=missing or (f"needs {data}",))
        try:
            self._prepare(name)
            mark = self.runs.setting.mark
            context = Context(self.records, there, self.out, mark)
            files = ITEMS[name].make(context)
        except FakelocError as error:
            return Outcome(name, reasons=(*missing, str(error)))
        return Outcome(name, tuple(files), missing)

    def _prepare(self, item: str) -> None:
        """Prepares the demo records that an item shows and no training has made."""
        for quality in ITEMS[item].qualities:
            if self.runs.setting.mark and quality in self.runs.records:
                records = self.runs.records[quality]
                config = resolve("ours", quality, self.runs.setting, records)
                ensure_demo_records(config)

    def _explain(self, item: str, missing: list[str]) -> tuple[str, ...]:
        """A sentence for each reason why runs are missing."""
        waiting = [run for run in missing if self._why[run] == "not trained"]
        reasons = [f"{run}: {self._why[run]}" for run in missing if run not in waiting]
        if waiting:
            reasons.insert(
                0,
                f"not trained in {self.runs.folder}: {', '.join(waiting)}; train them "
                f"with `{self.command} {item} --train`",
            )
        return tuple(reasons)
