"""`fakeloc export`: a SavedModel for TF Serving, proved against Keras."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli

if TYPE_CHECKING:
    import numpy as np

FACES_TO_VERIFY = 8


def export(
    run: Annotated[Path, typer.Option(help="Folder of the run.")],
    out: Annotated[Path, typer.Option(help="New folder, DIR/1 for TF Serving.")],
    verify: Annotated[
        Path | None,
        typer.Option(help="Prepared records: verify on faces of their test split."),
    ] = None,
) -> int:
    """Writes a SavedModel and checks it in a fresh process.

    Exit status: 0 the same as Keras, 1 not the same, 2 wrong call.
    """
    from fakeloc_tf.inference.loading import as_scorer, load_run
    from fakeloc_tf.inference.model_info import from_config
    from fakeloc_tf.serving.saved_model import export as export_model
    from fakeloc_tf.serving.verify import TOLERANCE, largest_difference

    model, config, metrics = load_run(run)
    info = from_config(config, metrics)
    faces = _faces(verify, info.image_size)
    export_model(model, info, out)
    differences = largest_difference(as_scorer(model), out, faces)
    kind = "random" if verify is None else "real"
    typer.echo(f"largest difference from Keras on {len(faces)} {kind} faces:")
    for name, difference in differences.items():
        typer.echo(f"  {name}: {difference:.2e}")
    # Not `>`: a NaN must fail.
    same = all(difference <= TOLERANCE for difference in differences.values())
    typer.echo(f"{out}: {'verified' if same else 'DIFFERS from Keras'}")
    return 0 if same else 1


def _faces(records: Path | None, size: int) -> np.ndarray:
    """uint8 [N, S, S, 3]: of the test split, else random."""
    import numpy as np

    if records is None:
        shape = (FACES_TO_VERIFY, size, size, 3)
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    from fakeloc_tf.data import dataset
    from fakeloc_tf.media import faces as face_media

    with dataset.explain_broken_records(records, "test"):
        images = [
            face["image"].numpy()
            for face in dataset.load_split(records, "test").take(FACES_TO_VERIFY)
        ]
    side = images[0].shape[0]
    whole = face_media.CropBox(0, 0, side, side)
    return np.stack([face_media.crop(image, whole, size) for image in images])


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(export, argv, prog="fakeloc export")


if __name__ == "__main__":
    sys.exit(main())
