"""Command line options that several stages share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class LayoutName(StrEnum):
    """How the input is laid out: a key of `layouts.LAYOUTS`."""

    ffpp = "ffpp"
    celebdf = "celebdf"
    dfdc = "dfdc"
    folder = "folder"
    manifest = "manifest"


class Quality(StrEnum):
    """Compression of FaceForensics++."""

    raw = "raw"
    c23 = "c23"
    c40 = "c40"


class SplitsFrom(StrEnum):
    """Where the splits come from."""

    official = "official"
    identity = "identity"


class Crop(StrEnum):
    """Whether faces are searched."""

    detect = "detect"
    none = "none"


Input = Annotated[
    Path, typer.Option("--input", help="folder of the data set, or a CSV manifest")
]
Config = Annotated[Path | None, typer.Option(help="YAML: section `prepare`")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="override, e.g. prepare.sigma=10")
]
Layout = Annotated[
    LayoutName | None, typer.Option(help="default: recognised from the input")
]
QualityOf = Annotated[
    Quality | None, typer.Option(help="which FF++ folder; default c23")
]
Identities = Annotated[
    Path | None, typer.Option(help="CSV file,identity[,split] (layout folder)")
]
Splits = Annotated[
    SplitsFrom,
    typer.Option(help="official lists, or by the hash of each person (celebdf)"),
]
Name = Annotated[str | None, typer.Option(help="name of the data set")]
