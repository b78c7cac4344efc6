"""`fakeloc detect`: scores, masks, overlays and a report of pictures and videos."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fakeloc_tf import cli, options
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES

if TYPE_CHECKING:
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.inference.inputs import InputFile
    from fakeloc_tf.inference.outputs import Outputs, Row
    from fakeloc_tf.inference.settings import Settings
    from fakeloc_tf.inference.workers import Workers


def detect(
    paths: options.Paths,
    model: options.Model,
    out: options.Out = None,
    as_json: options.AsJson = False,
    fps: options.Fps = FPS,
    all_frames: options.AllFrames = False,
    max_minutes: options.MaxMinutes = MAX_MINUTES,
    threshold: options.Threshold = None,
    face_side: options.FaceSide = FACE_SIDE,
    batch_size: options.BatchSize = 16,
    workers: options.WorkerCount = None,
) -> int:
    """Scores every face and locates the manipulated region.

    A call that was stopped goes on with the same command.

    Exit status: 0 all files were read, 1 some were not, 2 wrong call.
    """
    if out is None and not as_json:
        raise FakelocError("give --out DIR for the results, or --json to print them")
    from fakeloc_tf.inference.workers import Workers, default_workers

    files, finished = _files(paths, out)
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
        )
        outputs = _open(out, model, detector, settings)
        call = _Call(detector, settings, outputs, pool, as_json)
        return call.run(files, finished)


def _files(
    paths: Sequence[Path], out: Path | None
) -> tuple[list[InputFile], dict[str, Row]]:
    """What to look at, and the heads of the rows that a stopped call left."""
    from fakeloc_tf.inference.inputs import collect, read_list
    from fakeloc_tf.inference.outputs import finished_rows

    listed = [
        file
        for path in paths
        for file in (read_list(sys.stdin) if str(path) == "-" else [path])
    ]
    finished = {} if out is None else finished_rows(out)
    names = {path: row["name"] for path, row in finished.items()}
    return collect(listed, out, names), finished


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
        self._summarise(list(heads.values()))
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

    def _summarise(self, rows: list[Row]) -> None:
        """Prints how it went, and where the report is."""
        from rich.console import Console
        from rich.markup import escape

        from fakeloc_tf.inference.summary import summary

        console = Console(stderr=self.as_json, soft_wrap=True, highlight=False)
        for line in summary(rows):
            console.print(escape(line))
        if self.outputs is not None:
            console.print(escape(f"report: {self.outputs.folder / 'report.html'}"))


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(detect, argv, prog="fakeloc detect")


if __name__ == "__main__":
    sys.exit(main())
