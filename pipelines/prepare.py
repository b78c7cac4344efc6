"""Videos or pictures to sharded TFRecords of faces, masks and noise.

python -m pipelines.prepare --input DIR --out DIR
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli
from pipelines import options


def prepare(
    context: typer.Context,
    input: options.Input,
    out: Annotated[Path, typer.Option(help="new folder for the records")],
    config: options.Config = None,
    set_: options.Overrides = None,
    layout: options.Layout = None,
    quality: options.QualityOf = None,
    crop: Annotated[
        options.Crop, typer.Option(help="none: every picture is a face crop already")
    ] = options.Crop.detect,
    identities: options.Identities = None,
    splits: options.Splits = options.SplitsFrom.official,
    name: options.Name = None,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    overwrite: Annotated[bool, typer.Option(help="replace the folder --out")] = False,
) -> None:
    """Finds the faces and writes records for training and evaluation.

    Options that are not listed here go to Apache Beam, e.g. --runner.
    """
    from fakeloc_tf.config import load
    from pipelines.layouts.request import make_request
    from pipelines.run import Job, run

    run(
        Job(
            request=make_request(input, name, quality, identities, splits),
            layout=layout,
            out=out,
            prepare=load(config, tuple(set_ or ())).prepare,
            detect=crop is options.Crop.detect,
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
