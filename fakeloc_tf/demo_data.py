"""`fakeloc demo-data`: writes the embedded demo set in the FF++ layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli


def command(
    out: Annotated[Path, typer.Option(help="folder to make (must be new or empty)")],
    seed: Annotated[int, typer.Option(help="of camera, noise, manipulations")] = 0,
    frames: Annotated[int, typer.Option(help="frames a video")] = 10,
    qualities: Annotated[
        str, typer.Option(help="H.264 qualities, separated by commas")
    ] = "c23,c40",
    identities: Annotated[
        int | None, typer.Option(help="only so many people (at least 3)")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="processes (default: one a CPU)")
    ] = None,
) -> None:
    """Write real videos and four kinds of same-identity fakes with exact masks."""
    from rich.console import Console
    from rich.progress import track

    from fakeloc_tf.data.demo_set import DemoSet, write_demo_set
    from fakeloc_tf.data.portraits import load_portraits

    names = tuple(name.strip() for name in qualities.split(",") if name.strip())
    demo = DemoSet(seed, frames, names, identities)
    total = len(load_portraits(identities))
    console = Console(stderr=True)
    steps = write_demo_set(out, demo, workers)
    for _ in track(steps, "demo set", total=total, console=console):
        pass
    console.print(f"{total} people, {frames} frames a video: {out}", highlight=False)


def main(argv: list[str] | None = None) -> int:
    """Entry point of `fakeloc demo-data`."""
    return cli.run(command, argv, prog="fakeloc demo-data")


if __name__ == "__main__":
    sys.exit(main())
