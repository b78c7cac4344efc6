"""`fakeloc export`: a run for other engines, proved against Keras."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli

if TYPE_CHECKING:
    import numpy as np

FACES_TO_VERIFY = 8


class ExportFormat(StrEnum):
    """Keys of `serving.formats.FORMATS`."""

    SAVED_MODEL = "saved_model"
    ONNX = "onnx"
    OPENVINO = "openvino"


def export(
    run: Annotated[Path, typer.Option(help="Folder of the run.")],
    out: Annotated[Path, typer.Option(help="New folder, DIR/1 for TF Serving.")],
    format: Annotated[
        ExportFormat,
        typer.Option(help="For TF Serving, ONNX Runtime or OpenVINO."),
    ] = ExportFormat.SAVED_MODEL,
    verify: Annotated[
        Path | None,
        typer.Option(help="Prepared records: verify on faces of their test split."),
    ] = None,
) -> int:
    """Writes a model for another engine and checks it in a fresh process.

    Exit status: 0 the same as Keras, 1 not the same, 2 wrong call.
    """
    from fakeloc_tf.files import new_folder
    from fakeloc_tf.inference.engines.tensorflow_engine import crop_scorer
    from fakeloc_tf.inference.model_info import from_config
    from fakeloc_tf.models.calibration import read_calibration
    from fakeloc_tf.models.scorer import as_scorer, load_run
    from fakeloc_tf.serving.formats import FORMATS
    from fakeloc_tf.serving.verify import largest_difference
    from fakeloc_tf.training.provenance import people_trained_on

    model, config, metrics = load_run(run)
    people = people_trained_on(run)
    info = from_config(config, metrics, read_calibration(run), people)
    chosen = FORMATS[format]
    score = crop_scorer(as_scorer(model), info.image_size)
    crops = _crops(verify, info.crop_size)
    try:
        with new_folder(out) as folder:
            chosen.write(model, info, folder)
            differences = largest_difference(score, folder, crops)
            _say(differences, f"{len(crops)} {'real' if verify else 'random'} faces")
            # Not `>`, which a NaN would pass.
            if not all(value <= chosen.tolerance for value in differences.values()):
                raise _DiffersError
    except _DiffersError:
        typer.echo(f"{out}: not written, the export differs from Keras", err=True)
        return 1
    typer.echo(f"{out}: written and verified")
    return 0


class _DiffersError(Exception):
    """The export does not compute what Keras does; its folder is taken back."""


def _say(differences: dict[str, float], faces: str) -> None:
    """Prints the largest difference of each output."""
    typer.echo(f"largest difference from Keras on {faces}:")
    for name, difference in differences.items():
        typer.echo(f"  {name}: {difference:.2e}")


def _crops(records: Path | None, size: int) -> np.ndarray:
    """uint8 [N, C, C, 3]: of the test split, else random."""
    import numpy as np

    if records is None:
        shape = (FACES_TO_VERIFY, size, size, 3)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    from fakeloc_tf.data import dataset
    from fakeloc_tf.errors import FakelocError
    from fakeloc_tf.media import faces as face_media

    with dataset.explain_broken_records(records, "test"):
        images = [
            face["image"].numpy()
            for face in dataset.load_split(records, "test").take(FACES_TO_VERIFY)
        ]
    if not images:
        raise FakelocError(f"{records}: the test split has no faces to verify on")
    side = images[0].shape[0]
    whole = face_media.CropBox(0, 0, side, side)
    return np.stack([face_media.crop(image, whole, size) for image in images])


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(export, argv, prog="fakeloc export")


if __name__ == "__main__":
    sys.exit(main())
