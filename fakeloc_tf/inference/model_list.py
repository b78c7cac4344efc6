"""What `fakeloc models` says of the shipped models and of the user's own runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakeloc_tf import config as configuration
from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.run_info import info_of_run
from fakeloc_tf.models.scorer import read_metrics

MEGABYTE = 1e6
# Of `metrics.json`, on the validation faces that the checkpoint was chosen on.
FIGURES = ("val_auc", "val_iou")


@dataclass(frozen=True)
class ListedModel:
    """One model.

    Attributes:
        name: for `--model`: of a shipped one its name, of a run its folder.
        path: its folder.
        shipped: whether it is part of the installation.
        default: whether it is taken where no model is given.
        fault: what is wrong with it; the fields below are those of no model then.
        megabytes: of its `.keras` file, 10^6 bytes each.
        image_size: side of the model's input in pixels.
        purpose: what for, of a shipped one.
        trained_on: data set and number of people.
        calibrated_on: data set of temperature and thresholds; None = not calibrated.
        figures: of `metrics.json`, some of `FIGURES`.
        card: path of its card; None = it has none.
    """

    name: str
    path: str
    shipped: bool
    default: bool = False
    fault: str | None = None
    megabytes: float | None = None
    image_size: int | None = None
    purpose: str | None = None
    trained_on: str | None = None
    calibrated_on: str | None = None
    figures: dict[str, float] = field(default_factory=dict)
    card: str | None = None


def list_models(folders: Sequence[Path] = ()) -> list[ListedModel]:
    """The shipped models, then the runs of the folders.

    Args:
        folders: run folders, or folders of run folders.

    Raises:
        FakelocError: a folder holds no run.
    """
    found = [_shipped(name) for name in shipped.names()]
    for folder in folders:
        runs = list(_runs(folder))
        if not runs:
            raise FakelocError(
                f"{folder} holds no run, nor does a folder in it; a run has best.keras "
                "and config.yaml, as `fakeloc train` writes them"
            )
        found += [_own(run) for run in runs]
    return found


def _runs(folder: Path) -> Iterator[Path]:
    """`folder` or the folders in it that are runs, by name."""
    if (folder / shipped.WEIGHTS).is_file():
        yield folder
    elif folder.is_dir():
        yield from sorted(path.parent for path in folder.glob(f"*/{shipped.WEIGHTS}"))


def _shipped(name: str) -> ListedModel:
    """One that is part of the installation, its files checked."""
    folder, default = shipped.ROOT / name, name == shipped.DEFAULT
    try:
        shipped.checked(name)
        facts = _facts(folder) | {"purpose": _purpose(folder)}
        return ListedModel(name, str(folder), True, default, **facts)
    except FakelocError as error:
        return ListedModel(name, str(folder), True, default, str(error))


def _own(run: Path) -> ListedModel:
    """A run of the user's."""
    try:
        return ListedModel(str(run), str(run), False, **_facts(run))
    except FakelocError as error:
        return ListedModel(str(run), str(run), False, fault=str(error))


def _facts(run: Path) -> dict[str, Any]:
    """Fields of `ListedModel` that every run has; its weights are not loaded."""
    config, metrics = configuration.load(run / "config.yaml"), read_metrics(run)
    info, card = info_of_run(run, config, metrics), run / shipped.CARD
    return {
        "megabytes": round((run / shipped.WEIGHTS).stat().st_size / MEGABYTE, 1),
        "image_size": info.image_size,
        "trained_on": info.trained_on,
        "calibrated_on": info.calibrated_on,
        "figures": {key: metrics[key] for key in FIGURES if key in metrics},
        "card": str(card) if card.is_file() else None,
    }


def _purpose(folder: Path) -> str | None:
    """What a shipped model is for, as it was packaged."""
    path = folder / shipped.PACKAGED
    try:
        return json.loads(path.read_text("utf-8"))["purpose"]
    except (OSError, ValueError, KeyError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
