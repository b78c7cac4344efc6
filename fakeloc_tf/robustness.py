"""`fakeloc robustness`: score and mask under corruptions of growing severity."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli, options, shipped
from fakeloc_tf.evaluate import Split

if TYPE_CHECKING:
    from fakeloc_tf.evaluation.robustness.run import Robustness

ALL = "all"


def robustness(
    data: Annotated[Path, typer.Option(help="Prepared records.")],
    run: options.Run = None,
    split: Annotated[Split, typer.Option(help="Which faces.")] = Split.TEST,
    corruptions: Annotated[
        str,
        typer.Option(
            help="Of jpeg, h264, blur, noise, downscale, brightness, colour, "
            "separated by commas."
        ),
    ] = ALL,
    levels: Annotated[
        str, typer.Option(help="Of 1 (mild) to 5 (severe), separated by commas.")
    ] = ALL,
    limit: Annotated[
        int | None,
        typer.Option(min=2, help="Faces, evenly spread over reals and over fakes."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder; default RUN/robustness/<records>-<split>, of a shipped model "
            "below runs/<its name>."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Faces at once.")] = 16,
    allow_overlap: options.AllowOverlap = False,
    allow_other_preparation: options.AllowOtherPreparation = False,
) -> int:
    """Scores corrupted faces; the same command again goes on where it stopped."""
    from fakeloc_tf.evaluation.protocol import Allowed
    from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
    from fakeloc_tf.evaluation.robustness.report import write_report
    from fakeloc_tf.evaluation.robustness.results import default_folder
    from fakeloc_tf.evaluation.robustness.run import LEVELS, measure_robustness

    model = shipped.locate(run)
    folder = out or default_folder(model, data, split.value)
    result = measure_robustness(
        model,
        data,
        split.value,
        folder,
        corruptions=list(CORRUPTIONS) if corruptions == ALL else _parts(corruptions),
        levels=LEVELS if levels == ALL else _numbers(levels),
        limit=limit,
        batch_size=batch_size,
        allowed=Allowed(allow_overlap, allow_other_preparation),
    )
    write_report(folder, result)
    _print(result, folder)
    return 1 if result.skipped else 0


def _parts(text: str) -> list[str]:
    """The words between the commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _numbers(text: str) -> list[int]:
    """The numbers between the commas.

    Raises:
        FakelocError: one is none.
    """
    from fakeloc_tf.errors import FakelocError

    try:
        return [int(part) for part in _parts(text)]
    except ValueError as error:
        raise FakelocError(
            f"--levels: {text!r} is no list of numbers such as 1,3,5"
        ) from error


def _print(result: Robustness, folder: Path) -> None:
    """The means, what was kept or skipped, and where it all is."""
    from rich.console import Console
    from rich.markup import escape

    from fakeloc_tf.evaluation.robustness.report import faces_line, terminal_table
    from fakeloc_tf.evaluation.robustness.summary import mean_corruption

    console = Console(soft_wrap=True, highlight=False)
    console.print(escape(faces_line(result)))
    console.print(terminal_table(result))
    for name, value in mean_corruption(result.levels).items():
        console.print(f"{name:<46} {'–' if value is None else f'{value:.4f}'}")
    if result.kept:
        console.print(f"{result.kept} of {len(result.levels)} levels were there before")
    for name in result.unused:
        console.print(f"not used: {name}, of another run, data set or choice of faces")
    for name, reason in result.skipped.items():
        console.print(escape(f"skipped {name}: {reason}"))
    console.print(escape(f"written to {folder}"))


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(robustness, argv, prog="fakeloc robustness")


if __name__ == "__main__":
    sys.exit(main())
