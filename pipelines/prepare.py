"""Videos or pictures to sharded TFRecords of faces, masks and noise.

python -m pipelines.prepare --input DIR --out DIR
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli


class Layout(StrEnum):
    """How the input folder is laid out."""

    auto = "auto"
    ffpp = "ffpp"
    folder = "folder"


class Quality(StrEnum):
    """Compression of FaceForensics++."""

    raw = "raw"
    c23 = "c23"
    c40 = "c40"


class Crop(StrEnum):
    """Whether faces are searched."""

    detect = "detect"
    none = "none"


def prepare(
    context: typer.Context,
    input: Annotated[Path, typer.Option(help="FF++ tree, or folder of real/ fake/")],
    out: Annotated[Path, typer.Option(help="new folder for the records")],
    config: Annotated[Path | None, typer.Option(help="YAML: section `prepare`")] = None,
    set: Annotated[
        list[str] | None, typer.Option(help="override, e.g. prepare.sigma=10")
    ] = None,
    layout: Annotated[Layout, typer.Option()] = Layout.auto,
    quality: Annotated[
        Quality | None, typer.Option(help="which FF++ folder; default c23")
    ] = None,
    crop: Annotated[
        Crop, typer.Option(help="none: every picture is a face crop already")
    ] = Crop.detect,
    identities: Annotated[
        Path | None, typer.Option(help="CSV file,identity[,split] (layout folder)")
    ] = None,
    name: Annotated[str | None, typer.Option(help="name of the data set")] = None,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    overwrite: Annotated[bool, typer.Option(help="replace the folder --out")] = False,
) -> None:
    """Finds the faces and writes records for training and evaluation.

    Options that are not listed here go to Apache Beam, e.g. --runner.
    """
    from fakeloc_tf.config import load
    from pipelines.run import Job, run

    run(
        Job(
            folder=input,
            out=out,
            prepare=load(config, tuple(set or ())).prepare,
            layout=layout.value,
            quality=quality.value if quality else None,
            detect=crop is Crop.detect,
            identities=identities,
            name=name or input.resolve().name,
            workers=workers,
            overwrite=overwrite,
            beam_options=tuple(context.args),
        )
    )


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return cli.run(prepare, argv, prog="python -m pipelines.prepare", pass_unknown=True)


if __name__ == "__main__":
    sys.exit(main())
