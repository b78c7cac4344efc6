"""`fakeloc export`: a run for other engines, proved against Keras."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fakeloc_tf import cli, options

if TYPE_CHECKING:
    import keras
    import numpy as np

    from fakeloc_tf.inference.model_info import ModelInfo
    from fakeloc_tf.serving.exports.formats import Format
    from fakeloc_tf.serving.exports.verify import Difference


def export(
    out: options.ExportFolder,
    run: options.Run = None,
    format: options.Format = options.ExportFormat.SAVED_MODEL,
    quantize: options.Quantize = options.Quantization.NONE,
    verify: options.Verify = None,
) -> int:
    """Writes a model for another engine and checks it in a fresh process.

    Exit status: 0 the same as Keras, 1 not the same, 2 wrong call.
    """
    from fakeloc_tf import shipped
    from fakeloc_tf.inference.run_info import info_of_run
    from fakeloc_tf.models.scorer import load_run
    from fakeloc_tf.serving.exports.formats import format_of
    from fakeloc_tf.serving.exports.versions import version_folder

    chosen = format_of(format, quantize)
    model, config, metrics = load_run(run)
    info = info_of_run(shipped.locate(run), config, metrics)
    out = version_folder(out) if chosen.versioned else out
    crops = _crops(verify, info.crop_size, chosen.faces)
    faces = f"{len(crops)} {'real' if verify else 'random'} faces"
    try:
        _write(chosen, model, info, out, crops, faces)
    except _DiffersError:
        typer.echo(f"{out}: not written, the export differs from Keras", err=True)
        return 1
    typer.echo(f"{out}: written and verified")
    if chosen.versioned:
        typer.echo(f"TF Serving takes the highest number in {out.parent} by itself")
    return 0


def _write(
    chosen: Format,
    model: keras.Model,
    info: ModelInfo,
    out: Path,
    crops: np.ndarray,
    faces: str,
) -> None:
    """Writes the export, unless it differs from Keras on `crops`, which are `faces`."""
    from fakeloc_tf.files import new_folder
    from fakeloc_tf.inference.engines.tensorflow_engine import crop_scorer
    from fakeloc_tf.models.scorer import as_scorer
    from fakeloc_tf.serving.exports.verify import differences_from_keras

    score = crop_scorer(as_scorer(model), info.image_size)
    with new_folder(out) as folder:
        chosen.write(model, info, folder)
        differences = differences_from_keras(score, folder, crops)
        _say(differences, faces)
        if not chosen.accepts(differences.values()):
            raise _DiffersError


class _DiffersError(Exception):
    """The export does not compute what Keras does; its folder is taken back."""


def _say(differences: dict[str, Difference], faces: str) -> None:
    """Prints the differences of each output."""
    typer.echo(f"largest difference from Keras on {faces}, and the mean one:")
    for name, found in differences.items():
        typer.echo(f"  {name}: {found.largest:.2e}, {found.mean:.2e}")


def _crops(records: Path | None, size: int, count: int) -> np.ndarray:
    """uint8 [N, C, C, 3], N <= count: of the test split, else random."""
    import numpy as np

    if records is None:
        shape = (count, size, size, 3)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    from fakeloc_tf.data import dataset
    from fakeloc_tf.data.crops import model_crop
    from fakeloc_tf.errors import FakelocError

    with dataset.explain_broken_records(records, "test"):
        images = [
            model_crop(face["image"].numpy(), size)
            for face in dataset.load_split(records, "test").take(count)
        ]
    if not images:
        raise FakelocError(f"{records}: the test split has no faces to verify on")
    return np.stack(images)


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(export, argv, prog="fakeloc export")


if __name__ == "__main__":
    sys.exit(main())
