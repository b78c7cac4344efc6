"""The options of `fakeloc detect`, and those that it shares with other verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Pictures, videos and folders of them; - reads a list from stdin."
    ),
]
Model = Annotated[
    Path, typer.Option(help="Run folder, .keras file of one, or an export.")
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the results; without it give --json.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the line of each file to stdout.")
]
Fps = Annotated[
    float, typer.Option(min=0.01, help="Frames a second to score of a video.")
]
AllFrames = Annotated[
    bool, typer.Option("--all-frames", help="Score every frame of a video.")
]
MaxMinutes = Annotated[
    float,
    typer.Option(min=0.01, help="Of a video; what comes later is not looked at."),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="From here on a face is likely manipulated; default: the one chosen on "
        "validation."
    ),
]
FaceSide = Annotated[
    int,
    typer.Option(
        min=80,
        help="Frames are shrunk to this longer side to look for faces; less is "
        "faster, more finds smaller faces.",
    ),
]
BatchSize = Annotated[
    int, typer.Option(min=1, help="Faces that the model gets at once.")
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processes that read files; default: one a core, at most 16."
    ),
]
