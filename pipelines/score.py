"""Scores of the faces of any number of files, as Parquet.

python -m pipelines.score --input 'DIR/**/*.jpg' --model DIR --out DIR
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli, options
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES

# A kill loses at most the work on one group of each worker.
GROUP_SIZE = 256
Input = Annotated[
    str,
    typer.Option(
        help="pattern in quotes ('DIR/**/*.jpg'), folder, - or @FILE for a list"
    ),
]
Out = Annotated[Path, typer.Option(help="folder for the tables")]
Masks = Annotated[bool, typer.Option("--masks", help="add the map of each face")]
Workers = Annotated[int, typer.Option(min=1, help="processes, each with the model")]
Readers = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="of each worker, processes that read files; default: the cores; 0 = the "
        "worker itself, which a broken file may end",
    ),
]
GroupSize = Annotated[
    int, typer.Option(min=1, help="pictures that are written and resumed as one")
]


def score(
    context: typer.Context,
    input: Input,
    out: Out,
    model: options.Model = None,
    masks: Masks = False,
    fps: options.Fps = FPS,
    max_minutes: options.MaxMinutes = MAX_MINUTES,
    threshold: options.Threshold = None,
    face_side: options.FaceSide = FACE_SIDE,
    batch_size: options.BatchSize = 16,
    group_size: GroupSize = GROUP_SIZE,
    readers: Readers = None,
    workers: Workers = 1,
) -> int:
    """Scores every face; a call that was stopped goes on with the same command.

    Options that are not listed here go to Apache Beam, e.g. --runner.
    Exit status: 0 all files were read, 1 some were not, 2 wrong call.
    """
    from pipelines.scoring.run import Job, run
    from pipelines.scoring.summary import tell

    job = Job(
        input=input,
        model=model,
        out=out,
        masks=masks,
        fps=fps,
        face_side=face_side,
        max_seconds=60 * max_minutes,
        threshold=threshold,
        batch_size=batch_size,
        group_size=group_size,
        readers=readers,
        workers=workers,
        beam_options=tuple(context.args),
    )
    return int(tell(run(job), out) > 0)


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return cli.run(score, argv, prog="python -m pipelines.score", pass_unknown=True)


if __name__ == "__main__":
    sys.exit(main())
