"""One row with one seed: its folder, its commands, and what is known of it."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from study_rows import CONFIGS

from fakeloc_tf.files import write_text

SPLIT = "test"
STAGES = ("train", "evaluate")


@dataclass(frozen=True)
class Job:
    """One row with one seed.

    Attributes:
        row: a key of `study_rows.ROWS`.
        seed: of weights, shuffling and augmentation.
        out: folder of all runs.
        data: prepared records.
        overrides: all overrides of the row's config, records and seed among them.
    """

    row: str
    seed: int
    out: Path
    data: Path
    overrides: tuple[str, ...]
    name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.row}-seed{self.seed}")

    @property
    def run(self) -> Path:
        """Folder of the run."""
        return self.out / self.name

    @property
    def results(self) -> Path:
        """Folder of its evaluation."""
        return self.run / "evaluation" / SPLIT

    @property
    def log(self) -> Path:
        """What its processes said."""
        return self.out / "logs" / f"{self.name}.log"

    def command(self, stage: str) -> list[str]:
        """The command line of a stage."""
        start = [sys.executable, "-m", f"fakeloc_tf.{stage}", "--run", str(self.run)]
        if stage == "evaluate":
            data = ["--data", str(self.data), "--split", SPLIT]
            return [*start, *data, "--out", str(self.results)]
        sets = [part for value in self.overrides for part in ("--set", value)]
        resume = ["--resume"] if (self.run / "config.yaml").exists() else []
        return [*start, "--config", str(CONFIGS / f"{self.row}.yaml"), *sets, *resume]


class Note:
    """What is known of a job beside its run folder: read, changed, written."""

    def __init__(self, job: Job) -> None:
        self._path = job.out / "notes" / f"{job.name}.json"
        self.facts: dict[str, Any] = {
            "row": job.row,
            "seed": job.seed,
            "cores": os.cpu_count(),
            "machine": platform.machine(),
            "done": [],
            "seconds": dict.fromkeys(STAGES, 0.0),
        }
        if self._path.exists():
            self.facts |= json.loads(self._path.read_text("utf-8"))

    def done(self, stage: str) -> bool:
        """Whether a stage has ended well."""
        return stage in self.facts["done"]

    def finish(self, stage: str) -> None:
        """Notes that a stage has ended well."""
        self.facts["done"].append(stage)
        self.facts["date"] = datetime.date.today().isoformat()
        self.write()

    def spend(self, stage: str, seconds: float) -> None:
        """Adds time."""
        self.facts["seconds"][stage] += seconds
        self.write()

    @property
    def seconds(self) -> float:
        """Of all stages and sessions."""
        return sum(self.facts["seconds"].values())

    def write(self) -> None:
        """Writes the file, whole."""
        write_text(self._path, json.dumps(self.facts, indent=1) + "\n")
