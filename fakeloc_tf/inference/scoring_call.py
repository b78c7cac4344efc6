"""What `fakeloc detect` and `fakeloc score` share: from paths to rows and a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.settings import Settings

if TYPE_CHECKING:
    from fakeloc_tf.inference.call import Model
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.inference.inputs import InputFile
    from fakeloc_tf.inference.model_info import ModelInfo
    from fakeloc_tf.inference.outputs import Outputs, Row
    from fakeloc_tf.inference.workers import Workers

# Below the folder that the command is called in, as `runs` of `fakeloc train`.
DEFAULT_OUT = Path("fakeloc_out")


@dataclass(frozen=True)
class Asked:
    """What the user wants, whatever runs the model.

    Attributes:
        out: folder for the results; None = `DEFAULT_OUT`, with `as_json` none.
        as_json: print the row of each file to stdout.
        fps: frames a second that are scored of a video; None = every frame.
        face_side: see `Settings`.
        max_minutes: of a video; what comes later is not looked at.
        workers: processes that read files; None = `default_workers`.
    """

    out: Path | None
    as_json: bool
    fps: float | None
    face_side: int
    max_minutes: float
    workers: int | None

    def folder(self) -> Path | None:
        """Where the results go; None = they are only printed."""
        if self.out is None and not self.as_json:
            return DEFAULT_OUT
        return self.out

    def settings(self, info: ModelInfo) -> Settings:
        """For looking at files for this model."""
        return Settings.of_model(
            info,
            fps=self.fps,
            face_side=self.face_side,
            max_seconds=60 * self.max_minutes,
        )


def look_at(
    verb: str,
    paths: Sequence[Path],
    asked: Asked,
    load: Callable[[], tuple[Detector, Model]],
) -> int:
    """Scores every face of the files, writes and prints what was asked for.

    A call that was stopped goes on with the same `asked`.

    Args:
        verb: of the command line, for `call.json` and the bar.
        paths: pictures, videos, folders; `-` reads a list from stdin.
        asked: see there.
        load: gives the detector and what `describe_call` is told of its model; called
            while the workers start.

    Returns:
        0 all files were read, 1 some were not.

    Raises:
        FakelocError: there is nothing to look at, no model, or results of another call.
    """
    from fakeloc_tf.inference.workers import Workers, default_workers

    out = asked.folder()
    files, finished = _files(paths, out)
    count = min(asked.workers or default_workers(), len(files))
    with Workers(count) as pool:  # which start while the model is loaded
        detector, model = load()
        settings = asked.settings(detector.info)
        outputs = _open(verb, out, model, detector, settings)
        call = _Call(verb, detector, settings, outputs, pool, asked.as_json)
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
    verb: str, out: Path | None, model: Model, detector: Detector, settings: Settings
) -> Outputs | None:
    """The folder of the results, new or of a call that was stopped."""
    if out is None:
        return None
    from fakeloc_tf.inference.call import describe_call
    from fakeloc_tf.inference.outputs import Outputs

    # `fakeloc VERB` has the verb among its arguments, the verb's module alone has not.
    named = [verb] if Path(sys.argv[0]).stem == verb else []
    command = ["fakeloc", *named, *sys.argv[1:]]
    return Outputs(out, describe_call(model, detector.info, settings, command))


@dataclass
class _Call:
    """One call, once the model is there."""

    verb: str
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
        except (KeyboardInterrupt, FakelocError):
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
            TextColumn(self.verb),
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
