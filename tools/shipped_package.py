"""From a run to the small folder that is shipped: `tools/shipped.py package`."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from run_files import read_json
from shipped_paths import NeutralPaths
from shipped_scores import ScoreChange, score_change
from shipped_weights import write_half

from fakeloc_tf import config as configuration
from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256, write_text
from fakeloc_tf.models.calibration import FILE as CALIBRATION
from fakeloc_tf.models.calibration import read_calibration
from fakeloc_tf.training.provenance import FILE as TRAINING_DATA

MAX_BYTES = 40_000_000
METRICS = "metrics.json"
PURPOSE = (
    "says of faces in pictures and videos whether they were manipulated, and where; no "
    "proof, see its card"
)
# What may lie in the place of a package that is to be made.
_KEPT = {shipped.CARD}


def package(
    run: Annotated[Path, typer.Option(help="finished and calibrated run")],
    out: Annotated[
        Path | None, typer.Option(help="folder; default: where it is shipped from")
    ] = None,
    name: Annotated[str, typer.Option(help="of the model")] = shipped.DEFAULT,
    purpose: Annotated[str, typer.Option(help="for `fakeloc models`")] = PURPOSE,
    faces: Annotated[
        int, typer.Option(min=1, help="of the validation to compare scores on")
    ] = 128,
) -> int:
    """Makes the folder of a shipped model: float16 weights, no paths, SHA256SUMS.

    A MODEL_CARD.md that lies in the folder already stays as it is.
    """
    calibration = _check(run)
    target = out or shipped.ROOT / name
    with _replacing(target) as folder:
        write_half(run / shipped.WEIGHTS, folder / shipped.WEIGHTS)
        paths = NeutralPaths(calibration.dataset)
        _write_config(run, folder, name, paths)
        for file in (METRICS, TRAINING_DATA):
            _write_json(folder / file, paths.clean(read_json(run / file)))
        # The temperature is that of the float32 weights; how far the scores of the
        # float16 ones are from theirs is measured next.
        model_sha256 = file_sha256(folder / shipped.WEIGHTS)
        fitted = calibration.model_copy(update={"model_sha256": model_sha256})
        write_text(folder / CALIBRATION, fitted.model_dump_json(indent=2) + "\n")
        change = score_change(run, folder, faces)
        _write_origin(run, folder, name, purpose, change)
        shipped.write_sums(folder)
        _check_size(folder)
    typer.echo(f"{target}: {_bytes(target) / 1e6:.1f} MB; {change or 'not compared'}")
    return 0


def _check(run: Path) -> Any:
    """The calibration of a run that has all that is shipped.

    Raises:
        FakelocError: it has not.
    """
    for name in (*shipped.NEEDED, METRICS, TRAINING_DATA):
        if not (run / name).is_file():
            raise FakelocError(f"{run / name} is missing; is {run} a finished run?")
    calibration = read_calibration(run)
    if calibration is None:
        raise FakelocError(
            f"{run} is not calibrated; do it with `fakeloc calibrate --run {run} "
            "--data RECORDS`"
        )
    return calibration


def _write_config(run: Path, folder: Path, name: str, paths: NeutralPaths) -> None:
    """The run's configuration under the name of the model."""
    config = configuration.load(run / "config.yaml").model_dump(mode="json")
    text = yaml.safe_dump(paths.clean(config) | {"name": name}, sort_keys=False)
    write_text(folder / "config.yaml", text)
    configuration.load(folder / "config.yaml")


def _write_origin(
    run: Path, folder: Path, name: str, purpose: str, change: ScoreChange | None
) -> None:
    """`packaged.json`: what the package is of, and what is other than in the run."""
    versions = (
        read_json(run / "versions.json") if (run / "versions.json").exists() else {}
    )
    origin = {
        "name": name,
        "purpose": purpose,
        "run_sha256": {
            file: file_sha256(run / file)
            for file in (*shipped.NEEDED, METRICS, TRAINING_DATA, CALIBRATION)
        },
        # The name of the machine's system is nobody's business.
        "trained_with": {k: v for k, v in versions.items() if k != "machine"},
        "changed": [
            "best.keras: arrays of two and more dimensions are float16",
            "config.yaml: name; paths outside of the project are shortened",
            "metrics.json, training_data.json: paths as in config.yaml; the figures "
            "and hashes are those of the run",
            "calibration.json: model_sha256 is that of the float16 weights; everything "
            "else was fitted on the float32 ones",
        ],
        "score_change": None if change is None else change.to_json(),
    }
    _write_json(folder / shipped.PACKAGED, origin)


def _check_size(folder: Path) -> None:
    """Raises a FakelocError for what is too large to ship."""
    if (size := _bytes(folder)) > MAX_BYTES:
        raise FakelocError(
            f"the package would have {size / 1e6:.1f} MB, more than "
            f"{MAX_BYTES / 1e6:.0f}; train a smaller backbone (model.backbone.width)"
        )


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Yields a new folder that takes the place of `target`, whose card it keeps.

    Raises:
        FakelocError: there is more in `target` than a card.
    """
    there = {path.name for path in target.iterdir()} if target.exists() else set()
    if there - _KEPT:
        raise FakelocError(
            f"{target} holds {', '.join(sorted(there - _KEPT))}; remove it, or choose "
            "another folder with --out"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", dir=target.parent
    ) as work:
        folder = Path(work) / target.name
        folder.mkdir()
        yield folder
        for name in there:
            shutil.copy2(target / name, folder / name)
        if target.exists():
            target.rename(Path(work) / "before")
        folder.rename(target)
