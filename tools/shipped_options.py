"""Options of `shipped.py report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_File = {"exists": True, "dir_okay": False}
_Folder = {"exists": True, "file_okay": False}

Run = Annotated[Path, typer.Option(help="folder of the run", **_Folder)]
Records = Annotated[Path, typer.Option(help="what `prepare` wrote", **_Folder)]
Out = Annotated[Path, typer.Option(help="folder for figures.json and failures.png")]
Pairs = Annotated[
    Path | None, typer.Option(help="pairs.csv of the crops: size, strength", **_File)
]
Portraits = Annotated[
    list[Path] | None,
    typer.Option(help="the folders that were trained on; repeatable", **_Folder),
]
Videos = Annotated[Path | None, typer.Option(help="real videos", **_Folder)]
Fakes = Annotated[Path | None, typer.Option(help="fake videos", **_Folder)]
Again = Annotated[
    bool, typer.Option("--again", help="although the test was looked at; is told")
]
Limit = Annotated[int, typer.Option(min=2, help="faces that are damaged")]
Made = Annotated[int, typer.Option(min=2, help="made pairs of the demo's people")]
WorkerCount = Annotated[int, typer.Option(min=1, help="processes that read files")]
