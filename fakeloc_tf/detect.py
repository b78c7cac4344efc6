"""`fakeloc detect`: scores, masks, overlays and a report of pictures and videos."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fakeloc_tf import cli

if TYPE_CHECKING:
    from fakeloc_tf.inference.inputs import InputFile
    from fakeloc_tf.inference.process import Processor
    from fakeloc_tf.inference.report import Report

Row = dict[str, Any]


def detect(
    paths: Annotated[
        list[Path], typer.Argument(help="Pictures, videos and folders of them.")
    ],
    model: Annotated[
        Path, typer.Option(help="Run folder, .keras file of one, or an export.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    fps: Annotated[
        float, typer.Option(min=0.01, help="Frames a second to score of a video.")
    ] = 4.0,
    all_frames: Annotated[
        bool, typer.Option("--all-frames", help="Score every frame of a video.")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(help="Of the verdict; default: the one chosen on validation."),
    ] = None,
    face_side: Annotated[
        int,
        typer.Option(
            min=80,
            help="Frames are shrunk to this longer side to look for faces; less is "
            "faster, more finds smaller faces.",
        ),
    ] = 1920,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Faces that the model gets at once.")
    ] = 16,
) -> int:
    """Scores every face and locates the manipulated region.

    Exit status: 0 all files were read, 1 some were not, 2 wrong call.
    """
    from fakeloc_tf.inference.inputs import collect

    files = collect(paths, leave_out=out)

    from fakeloc_tf.inference.detector import Detector, make_face_detector
    from fakeloc_tf.inference.outputs import Outputs
    from fakeloc_tf.inference.process import READ, Processor
    from fakeloc_tf.inference.report import Report

    detector = Detector.load(
        model,
        threshold=threshold,
        face_detector=make_face_detector(face_side),
        batch_size=batch_size,
    )
    processor = Processor(detector, Outputs(out), fps=None if all_frames else fps)
    report = Report(detector.info)
    rows = _work(processor, files, report)
    report.write(out / "report.html")
    _summarise(rows, out, READ)
    return 0 if all(row["status"] in READ for row in rows) else 1


def _work(
    processor: Processor, files: Sequence[InputFile], report: Report
) -> list[Row]:
    """Processes every file under a progress bar; returns what the summary needs."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    rows = []
    for item in track(files, "detect", console=console, transient=True):
        done = processor.process(item)
        report.add(done)
        wanted = ("path", "status", "reason", "note")
        rows.append({key: done.row.get(key) for key in wanted})
    return rows


def _summarise(rows: list[Row], out: Path, read: Sequence[str]) -> None:
    """Says how many files came out how, and names those with a problem."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(soft_wrap=True, highlight=False)
    counts = Counter(row["status"] for row in rows)
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()))
    for row in rows:
        if row["status"] not in read or row["note"]:
            reason = row["reason"] or row["note"]
            console.print(escape(f"  {row['status']}: {row['path']}: {reason}"))
    console.print(escape(f"report: {out / 'report.html'}"))


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(detect, argv, prog="fakeloc detect")


if __name__ == "__main__":
    sys.exit(main())
