"""Kept results: a Parquet a level, in a folder named after all they depend on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import fakeloc_tf
from fakeloc_tf import shipped
from fakeloc_tf.data import prepared
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.files import file_sha256
from fakeloc_tf.models.calibration import calibration_sha256

CLEAN = "none"
PREFIX = "predictions-"


@dataclass(frozen=True)
class Cell:
    """One level of one corruption.

    Attributes:
        corruption: key of `CORRUPTIONS`, or `CLEAN` for the untouched faces.
        level: 1 to 5 from mild to severe; 0 = untouched.
    """

    corruption: str = CLEAN
    level: int = 0

    @property
    def amount(self) -> float | None:
        """Parameter of the corruption at this level; None = untouched."""
        if not self.level:
            return None
        return CORRUPTIONS[self.corruption].amounts[self.level - 1]


def default_folder(run: Path, records: Path, split: str) -> Path:
    """Where a run's robustness on a split is written, and looked for."""
    folder = shipped.results_folder(run)
    return folder / "robustness" / f"{records.resolve().name}-{split}"


class KeptResults:
    """The predictions of the levels that are done.

    A level's file bears its amount, so that other amounts in another version of the
    program do not take it for theirs.

    Args:
        out: folder of the whole result.
        sources: of `hash_sources`; other sources have another folder.
    """

    def __init__(self, out: Path, sources: dict[str, str | None]) -> None:
        text = json.dumps(sources, sort_keys=True)
        self.fingerprint = hashlib.sha256(text.encode()).hexdigest()
        self._out = out
        self._folder = out / f"{PREFIX}{self.fingerprint[:12]}"

    def __contains__(self, cell: Cell) -> bool:
        return self._path(cell).is_file()

    def read(self, cell: Cell) -> pd.DataFrame:
        """The rows of `evaluation.predictions.evaluate_model`."""
        return predictions.read(self._path(cell))

    def write(self, cell: Cell, rows: pd.DataFrame) -> None:
        """Keeps the rows: whole, or not at all."""
        predictions.write([rows], self._path(cell))

    def others(self) -> list[str]:
        """Names of the folders with results of other sources, which are not used."""
        found = (path.name for path in self._out.glob(f"{PREFIX}*"))
        return sorted(name for name in found if name != self._folder.name)

    def _path(self, cell: Cell) -> Path:
        amount = "" if cell.amount is None else f"-{cell.amount:g}"
        return self._folder / f"{cell.corruption}{amount}.parquet"


def hash_sources(
    run: Path, records: Path, split: str, chosen: np.ndarray, fixed_mask: np.ndarray
) -> dict[str, str | None]:
    """The sha256 of everything that predictions depend on, by name.

    Args:
        run: folder with `best.keras`, `config.yaml` and perhaps `calibration.json`.
        records: prepared folder.
        split: whose records are read.
        chosen: bool [N], the faces.
        fixed_mask: float32 [S, S].
    """
    files = [records / "dataset.json", *map(Path, prepared.split_files(records, split))]
    contents = "\n".join(map(file_sha256, files))
    return {
        "model_sha256": file_sha256(run / "best.keras"),
        "config_sha256": file_sha256(run / "config.yaml"),
        "calibration_sha256": calibration_sha256(run),
        "records_sha256": hashlib.sha256(contents.encode()).hexdigest(),
        "faces_sha256": hashlib.sha256(chosen.tobytes()).hexdigest(),
        "fixed_mask_sha256": hashlib.sha256(fixed_mask.tobytes()).hexdigest(),
        "version": fakeloc_tf.__version__,
    }
