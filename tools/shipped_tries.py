"""`shipped.py tries`: what was tried and what came of it, a line a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path, PurePath
from typing import Annotated, Any

import pandas as pd
import typer
from run_files import commit_of, read_json

from fakeloc_tf import config as config_module
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text

METRICS = ("val_auc", "val_iou", "val_accuracy", "val_loss")
COLUMNS = ("name", "commit", "tried", *METRICS, "outcome")
FINISHED, STOPPED = "finished", "not finished"
# Say where something is, not what it is.
_PLACES = ("data.records", "training.step1_from", "name")


def tries(
    runs: Annotated[list[Path], typer.Argument(help="folders of runs")],
    out: Annotated[Path | None, typer.Option(help="CSV; default: the terminal")] = None,
) -> int:
    """Writes a CSV: each run's settings that not all share, and its validation."""
    text = collect(runs).to_csv(index=False, float_format="%.4f")
    if out is None:
        sys.stdout.write(text)
    else:
        write_text(out, text)
    return 0


def collect(runs: list[Path]) -> pd.DataFrame:
    """A line a run in the order given, with `COLUMNS`; NaN where it has no figure.

    Raises:
        FakelocError: a folder holds no run, or a file of it is broken.
    """
    settings = [_settings(run) for run in runs]
    differing = [
        key
        for key in dict.fromkeys(key for one in settings for key in one)
        if len({json.dumps(one.get(key)) for one in settings}) > 1
    ]
    lines = []
    for run, one in zip(runs, settings, strict=True):
        tried = "; ".join(f"{key}={_shown(one.get(key))}" for key in differing)
        metrics = _metrics(run)
        outcome = FINISHED if metrics else STOPPED
        numbers = {name: metrics.get(name) for name in METRICS}
        lines.append(
            {"name": run.name, "commit": _commit(run), "tried": tried}
            | numbers
            | {"outcome": outcome}
        )
    return pd.DataFrame(lines, columns=COLUMNS).astype(dict.fromkeys(METRICS, float))


def _settings(run: Path) -> dict[str, Any]:
    """Dotted key → value of a run's config, without what is only a place."""
    path = run / "config.yaml"
    if not path.is_file():
        raise FakelocError(f"{path} is missing; is {run} the folder of a run?")
    flat = pd.json_normalize(config_module.load(path).model_dump(mode="json"))
    found = {k: v for k, v in flat.iloc[0].to_dict().items() if k not in _PLACES}
    return {key: _without_folder(value) for key, value in found.items()}


def _without_folder(value: Any) -> Any:
    """Names of files and folders in the place of paths of this machine."""
    if isinstance(value, list):
        return [_without_folder(one) for one in value]
    return PurePath(value).name if isinstance(value, str) and "/" in value else value


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)


def _commit(run: Path) -> str | None:
    """Of the code that trained it; None of a run that does not say."""
    return commit_of(run) if (run / "versions.json").is_file() else None


def _metrics(run: Path) -> dict[str, Any]:
    """metrics.json; empty of a run that has not ended."""
    path = run / "metrics.json"
    return read_json(path) if path.is_file() else {}
