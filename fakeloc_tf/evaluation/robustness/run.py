"""Measures the robustness of a run, a level at a time; what is done is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from fakeloc_tf.data import dataset, prepared
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.predictions import evaluate_model
from fakeloc_tf.evaluation.protocol import STRICT, Allowed, check_protocol
from fakeloc_tf.evaluation.robustness.corruptions import (
    CORRUPTIONS,
    corrupt,
    missing,
)
from fakeloc_tf.evaluation.robustness.faces import changed_faces, choose_faces
from fakeloc_tf.evaluation.robustness.progress import show_progress
from fakeloc_tf.evaluation.robustness.results import Cell, KeptResults, hash_sources
from fakeloc_tf.evaluation.robustness.summary import level_table
from fakeloc_tf.evaluation.run import training_mask
from fakeloc_tf.models.scorer import Scorer, as_scorer, load_run

LEVELS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Robustness:
    """What was measured.

    Attributes:
        levels: of `summary.level_table`.
        skipped: corruption → why this installation cannot make it.
        kept: levels whose results an earlier call had left.
        unused: folders in `out` with results of other runs, data or faces.
        facts: run, data, faces, hashes: what the numbers belong to.
        results: the predictions of each level.
    """

    levels: pd.DataFrame
    skipped: dict[str, str]
    kept: int
    unused: list[str]
    facts: dict[str, Any]
    results: KeptResults

    def cell_rows(self, corruption: str, level: int) -> pd.DataFrame:
        """The predictions of a row of `levels`."""
        return self.results.read(Cell(corruption, level))


def measure_robustness(
    run: Path,
    records: Path,
    split: str,
    out: Path,
    *,
    corruptions: Sequence[str] = tuple(CORRUPTIONS),
    levels: Sequence[int] = LEVELS,
    limit: int | None = None,
    batch_size: int = 16,
    allowed: Allowed = STRICT,
) -> Robustness:
    """Scores the faces untouched and at each level of each corruption.

    A level that a call with the same run, records and faces has left in `out` is not
    scored again.

    Every level reads the faces again, and nothing of them stays in memory: reading and
    corrupting take 3 to 6 ms of CPU time a face (224 pixels), scoring it in an Xception
    of 112 pixels some 12.

    Args:
        run: folder with `best.keras` and `config.yaml`.
        records: folder that `pipelines.prepare` wrote.
        split: train, val or test.
        out: folder for the predictions of each level.
        corruptions: keys of `CORRUPTIONS`.
        levels: of 1 (mild) to 5 (severe).
        limit: faces, see `choose_faces`; None = all.
        batch_size: faces at once.
        allowed: what is wanted although it breaks the protocol.

    Raises:
        FakelocError: a name or level is unknown, or run or records are missing,
            broken, or do not fit together.
    """
    cells, skipped = plan(corruptions, levels)
    scored = _open(run, records, split, limit, batch_size, allowed)
    sources = hash_sources(run, records, split, scored.chosen, scored.fixed_mask)
    kept = KeptResults(out, sources)
    waiting = [cell for cell in cells if cell not in kept]
    with show_progress(len(waiting), int(scored.chosen.sum())) as (start, advance):
        for cell in waiting:
            start(cell)
            with dataset.explain_broken_records(records, split):
                kept.write(cell, scored.predict(cell, advance))
    threshold = scored.facts["validation_threshold"]
    return Robustness(
        levels=level_table({cell: kept.read(cell) for cell in cells}, threshold),
        skipped=skipped,
        kept=len(cells) - len(waiting),
        unused=kept.others(),
        facts=scored.facts | {"fingerprint": kept.fingerprint, **sources},
        results=kept,
    )


@dataclass(frozen=True)
class _Scored:
    """A run's detector and the faces that it gets.

    Attributes:
        score: see `models.scorer.as_scorer`.
        source: records of the split.
        chosen: bool [N], which of them.
        fixed_mask: float32 [S, S] in 0..1, the mean training mask.
        evaluate: `evaluate_model` with all but scorer and faces.
        facts: what the numbers belong to.
    """

    score: Scorer
    source: RecordSource
    chosen: np.ndarray
    fixed_mask: np.ndarray
    evaluate: Callable[..., Iterator[pd.DataFrame]]
    facts: dict[str, Any]

    def predict(self, cell: Cell, advance: Callable[[int], None]) -> pd.DataFrame:
        """The predictions at one level; `advance` is told of faces as they are done."""

        def counted(faces: tf.Tensor) -> dict[str, tf.Tensor]:
            scores = self.score(faces)
            advance(len(faces))
            return scores

        faces = changed_faces(self.source, self.chosen, _change(cell))
        return pd.concat(self.evaluate(counted, faces), ignore_index=True)


def _open(
    run: Path,
    records: Path,
    split: str,
    limit: int | None,
    batch_size: int,
    allowed: Allowed,
) -> _Scored:
    """Loads the run and chooses the faces; arguments as of `measure_robustness`."""
    model, config, metrics = load_run(run)
    info = prepared.dataset_info(records)
    checked = check_protocol(run, config, metrics, records, split, allowed)
    constant, mask_from = training_mask(run, config, records)
    source = RecordSource(records, split)
    with dataset.explain_broken_records(records, split):
        chosen = choose_faces(source, limit)
    if not chosen.any():
        raise FakelocError(f"{records}: the split {split!r} has no faces")
    evaluate = partial(
        evaluate_model,
        image_size=config.model.image_size,
        classes=info["classes"],
        fixed_mask=constant,
        batch_size=batch_size,
    )
    facts = {
        "run": config.name,
        "dataset": info["name"],
        "split": split,
        "faces": int(chosen.sum()),
        "faces_in_split": len(chosen),
        "validation_threshold": metrics.get("validation_threshold"),
        "fixed_mask_from": mask_from,
    } | checked
    return _Scored(as_scorer(model), source, chosen, constant, evaluate, facts)


def plan(
    corruptions: Sequence[str], levels: Sequence[int]
) -> tuple[list[Cell], dict[str, str]]:
    """What is to be scored, the untouched faces first, and what cannot be and why.

    Raises:
        FakelocError: a corruption or a level is unknown or none is given.
    """
    for option, given, known in (
        ("--corruptions", corruptions, tuple(CORRUPTIONS)),
        ("--levels", levels, LEVELS),
    ):
        unknown = [str(one) for one in given if one not in known]
        if unknown or not given:
            raise FakelocError(
                f"{option}: {', '.join(unknown) or 'nothing'} is not known; "
                f"choose from {', '.join(map(str, known))}, separated by commas"
            )
    reasons = {name: missing(CORRUPTIONS[name]) for name in dict.fromkeys(corruptions)}
    cells = [
        Cell(name, level)
        for name, reason in reasons.items()
        for level in sorted(set(levels))
        if reason is None
    ]
    if not cells:
        raise FakelocError("; ".join(f"{n}: {why}" for n, why in reasons.items()))
    return [Cell(), *cells], {name: why for name, why in reasons.items() if why}


def _change(cell: Cell) -> Callable[..., Any] | None:
    """What makes the images of a level; None for the untouched ones."""
    if cell.amount is None:
        return None
    corruption = CORRUPTIONS[cell.corruption]
    return partial(corrupt, corruption=corruption, amount=cell.amount)
