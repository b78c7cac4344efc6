"""`fakeloc calibrate`: temperature and threshold of a run, from validation faces."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli
from fakeloc_tf.evaluate import Split

if TYPE_CHECKING:
    from fakeloc_tf.models.calibration import Calibration, FprThreshold


def calibrate(
    run: Annotated[Path, typer.Option(help="Folder of the run.")],
    data: Annotated[Path, typer.Option(help="Prepared records.")],
    fpr: Annotated[
        float | None,
        typer.Option(
            min=1e-6,
            max=0.999999,
            help="Highest share of real faces that may be called manipulated; default: "
            "the run's config, calibration.false_positive_rate.",
        ),
    ] = None,
    split: Annotated[
        Split, typer.Option(help="Which faces; any but val is refused.")
    ] = Split.VAL,
    batch_size: Annotated[int, typer.Option(min=1, help="Faces at once.")] = 16,
) -> int:
    """Fits temperature and threshold on validation faces; writes calibration.json.

    The end of training does the same. Evaluation, detection and export use what is
    there when they start; an export has to be made again.
    """
    from rich.console import Console

    from fakeloc_tf.evaluation.calibration import calibrate_run
    from fakeloc_tf.models.calibration import FILE

    fitted = calibrate_run(run, data, split.value, fpr, batch_size)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in _lines(fitted):
        console.print(line)
    console.print(f"written to {run / FILE}")
    return 0


def _lines(fitted: Calibration) -> list[str]:
    """What a person wants to know of a calibration."""
    before, after = fitted.before, fitted.after
    return [
        fitted.source,
        *(
            f"{name:<6} {old:.4f} -> {new:.4f}"
            for name, old, new in (
                ("NLL", before.nll, after.nll),
                ("ECE", before.ece, after.ece),
                ("Brier", before.brier, after.brier),
            )
        ),
        f"threshold {fitted.validation_threshold:.4f}: best balanced accuracy",
        *([] if fitted.fpr is None else [_threshold_line(fitted.fpr, fitted)]),
        *(f"warning: {text}" for text in fitted.warnings),
    ]


def _threshold_line(chosen: FprThreshold, fitted: Calibration) -> str:
    """The threshold of the verdict."""
    faces, videos = chosen.interval_faces, chosen.interval_videos
    return (
        f"threshold {chosen.threshold:.4f}: at most {chosen.wanted:.2%} of real faces, "
        f"reached {chosen.reached:.2%}; 95 % interval {faces[0]:.2%} to {faces[1]:.2%} "
        f"by {fitted.reals} faces, {videos[0]:.2%} to {videos[1]:.2%} by "
        f"{fitted.real_videos} videos; the verdict's"
    )


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(calibrate, argv, prog="fakeloc calibrate")


if __name__ == "__main__":
    sys.exit(main())
