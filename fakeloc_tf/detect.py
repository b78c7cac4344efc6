"""`fakeloc detect`: scores, masks, overlays and a report of pictures and videos."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from fakeloc_tf import cli
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES

if TYPE_CHECKING:
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.inference.inputs import InputFile
    from fakeloc_tf.inference.outputs import Outputs, Row
    from fakeloc_tf.inference.settings import Settings
    from fakeloc_tf.inference.workers import Workers

# Problems that the summary names; all of them are in results.jsonl.
MAX_NAMED = 20
# With at most so many files the summary has the verdict and score of each.
MAX_SHOWN = 5


def detect(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, videos and folders of them; - reads a list from stdin."
        ),
    ],
    model: Annotated[
        Path, typer.Option(help="Run folder, .keras file of one, or an export.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results; without it give --json."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the line of each file to stdout.")
    ] = False,
    fps: Annotated[
        float, typer.Option(min=0.01, help="Frames a second to score of a video.")
    ] = FPS,
    all_frames: Annotated[
        bool, typer.Option("--all-frames", help="Score every frame of a video.")
    ] = False,
    max_minutes: Annotated[
        float,
        typer.Option(min=0.01, help="Of a video; what comes later is not looked at."),
    ] = MAX_MINUTES,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="From here on a face is likely manipulated; default: the one chosen "
            "on validation."
        ),
    ] = None,
    face_side: Annotated[
        int,
        typer.Option(
            min=80,
            help="Frames are shrunk to this longer side to look for faces; less is "
            "faster, more finds smaller faces.",
        ),
    ] = FACE_SIDE,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Faces that the model gets at once.")
    ] = 16,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes that read files; default: one a core, at most 16."
        ),
    ] = None,
) -> int:
    """Scores every face and locates the manipulated region.

    A call that was stopped goes on with the same command.

    Exit status: 0 all files were read, 1 some were not, 2 wrong call.
    """
    if out is None and not as_json:
        raise FakelocError("give --out DIR for the results, or --json to print them")
    from fakeloc_tf.inference.inputs import collect, read_list
    from fakeloc_tf.inference.outputs import finished_rows
    from fakeloc_tf.inference.workers import Workers, default_workers

    paths = [p for path in paths for p in _listed(path, read_list)]
    finished = {} if out is None else finished_rows(out)
    files = collect(paths, out, {path: row["name"] for path, row in finished.items()})
    count = min(workers or default_workers(), len(files))
    with Workers(count) as pool:  # which start while the model is loaded
        from fakeloc_tf.inference.detector import Detector
        from fakeloc_tf.inference.settings import Settings

        detector = Detector(model, threshold=threshold, batch_size=batch_size)
        settings = Settings(
            fps=None if all_frames else fps,
            face_side=face_side,
            max_seconds=60 * max_minutes,
            margin=detector.info.margin,
            crop_size=detector.info.crop_size,
            pictures=out is not None,
        )
        outputs = _open(out, model, detector, settings)
        call = _Call(detector, settings, outputs, pool, as_json)
        return call.run(files, finished)


def _listed(path: Path, read_list: Callable[[TextIO], list[Path]]) -> list[Path]:
    """The path itself; for `-` those of standard input."""
    return read_list(sys.stdin) if str(path) == "-" else [path]


def _open(
    out: Path | None, model: Path, detector: Detector, settings: Settings
) -> Outputs | None:
    """The folder of the results, new or of a call that was stopped."""
    if out is None:
        return None
    from fakeloc_tf.inference.call import describe_call
    from fakeloc_tf.inference.outputs import Outputs

    # `fakeloc detect` has the verb among its arguments, this module alone has not.
    verb = ["detect"] if Path(sys.argv[0]).stem == "detect" else []
    command = ["fakeloc", *verb, *sys.argv[1:]]
    return Outputs(out, describe_call(model, detector.info, settings, command))


@dataclass
class _Call:
    """One call, once the model is there."""

    detector: Detector
    settings: Settings
    outputs: Outputs | None
    workers: Workers
    as_json: bool

    def run(self, files: list[InputFile], finished: dict[str, Row]) -> int:
        """Looks at what is not finished yet; the exit status."""
        from fakeloc_tf.inference.outputs import head_of
        from fakeloc_tf.inference.run import READ, is_finished

        heads = {f.label: finished.get(f.label, {}) for f in files}
        left = [f for f in files if not is_finished(f.path, heads[f.label])]
        if len(left) < len(files):
            done = len(files) - len(left)
            print(f"{done} of {len(files)} files were done before", file=sys.stderr)
        if self.outputs is not None:
            for file in left:
                # A file that has changed: the pictures are of what it was.
                if heads[file.label].get("status") in READ:
                    self.outputs.discard(file.name)
        try:
            for row in self._rows(left):
                heads[row["path"]] = head_of(row)
                if self.as_json:
                    print(json.dumps(row), flush=True)
        except KeyboardInterrupt:
            if self.outputs is not None:
                print("the same command goes on where it was", file=sys.stderr)
            raise
        self._conclude(list(heads))
        self._summarise(list(heads.values()), READ)
        return 0 if all(row["status"] in READ for row in heads.values()) else 1

    def _rows(self, files: list[InputFile]) -> Iterator[Row]:
        """The rows of `files`, under a bar with the time that is left."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        from fakeloc_tf.inference.run import detect_files

        columns = (
            TextColumn("detect"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[done]} of {task.total:g} files"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True)
        # In a log or a pipe, a bar is only an empty line.
        bar = Progress(*columns, console=console, transient=True)
        bar.disable = not console.is_terminal
        with bar as progress:
            task = progress.add_task("", total=len(files), done=0)
            rows = detect_files(
                self.detector,
                files,
                self.outputs,
                self.settings,
                self.workers,
                lambda done: progress.update(task, completed=done, done=int(done)),
            )
            yield from rows

    def _conclude(self, paths: list[str]) -> None:
        """Puts the rows in order and makes the page."""
        from fakeloc_tf.inference.report import write_report

        if self.outputs is not None:
            self.outputs.sort(paths)
            write_report(self.outputs.folder)

    def _summarise(self, rows: list[Row], read: Sequence[str]) -> None:
        """Says how many files came out how, and names those with a problem."""
        from rich.console import Console
        from rich.markup import escape

        console = Console(stderr=self.as_json, soft_wrap=True, highlight=False)
        for key in ("status", "verdict"):
            counts = Counter(row[key] for row in rows if key in row)
            if counts:
                parts = (f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
                console.print(", ".join(parts))
        judged = [row for row in rows if "verdict" in row]
        for row in judged if len(judged) <= MAX_SHOWN else ():
            answer = f"{row['verdict'].replace('_', ' ')} {row['probability']:.3f}"
            console.print(escape(_in_one_line(f"{answer}: {row['path']}")))
        odd = [row for row in rows if row["status"] not in read or row.get("note")]
        for row in odd[:MAX_NAMED]:
            reason = row.get("reason") or row.get("note") or ""
            # Many reasons begin with the path themselves.
            reason = reason.removeprefix(row["path"]).lstrip(": ")
            text = f"{row['status']}: {row['path']}: {reason}"
            console.print(escape(_in_one_line(text)))
        if len(odd) > MAX_NAMED:
            console.print(f"  and {len(odd) - MAX_NAMED} more, see results.jsonl")
        if self.outputs is not None:
            console.print(escape(f"report: {self.outputs.folder / 'report.html'}"))


def _in_one_line(text: str) -> str:
    """A line of the summary; names hold line breaks and commands to the terminal."""
    from fakeloc_tf.pages import visible

    shown = visible(f"  {text}")
    return shown.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(detect, argv, prog="fakeloc detect")


if __name__ == "__main__":
    sys.exit(main())
