"""`fakeloc calibrate`: temperature and thresholds of a run, from validation faces."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fakeloc_tf import cli
from fakeloc_tf.evaluate import Split

if TYPE_CHECKING:
    from fakeloc_tf.models.calibration import (
        Calibration,
        RateThreshold,
        VideoCalibration,
    )


def calibrate(
    run: Annotated[
        str, typer.Option(help="Folder of the run; a shipped model is copied first.")
    ],
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
    fnr: Annotated[
        float | None,
        typer.Option(
            min=1e-6,
            max=0.999999,
            help="Highest share of fake faces that may be called real; default: the "
            "run's config, calibration.false_negative_rate.",
        ),
    ] = None,
    split: Annotated[
        Split, typer.Option(help="Which faces; any but val is refused.")
    ] = Split.VAL,
    batch_size: Annotated[int, typer.Option(min=1, help="Faces at once.")] = 16,
) -> int:
    """Fits temperature and thresholds on validation faces; writes calibration.json.

    The end of training does the same. Evaluation, detection and export use what is
    there when they start; an export has to be made again.
    """
    from rich.console import Console

    from fakeloc_tf import shipped
    from fakeloc_tf.evaluation.calibration import calibrate_run
    from fakeloc_tf.models.calibration import FILE

    folder = shipped.locate(run)
    fitted = calibrate_run(folder, data, split.value, batch_size, fpr=fpr, fnr=fnr)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for line in _lines(fitted):
        console.print(line)
    console.print(f"written to {folder / FILE}")
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
        *_rates("", fitted.fpr, fitted.fnr),
        *([] if fitted.video is None else _video_lines(fitted.video)),
        *(f"warning: {text}" for text in fitted.warnings),
    ]


def _rates(
    level: str, fpr: RateThreshold | None, fnr: RateThreshold | None
) -> list[str]:
    """The thresholds of the verdict and how often they are wrong."""
    sides = (
        ("likely manipulated from", "real", fpr),
        ("likely real below", "fake", fnr),
    )
    return [
        f"{level}{side} {chosen.threshold:.4f}: at most {chosen.wanted:.2%} of the "
        f"{kind}s, reached {chosen.reached:.2%}; 95% interval "
        f"{chosen.interval_faces[0]:.2%} to {chosen.interval_faces[1]:.2%}, by videos "
        f"{chosen.interval_videos[0]:.2%} to {chosen.interval_videos[1]:.2%}"
        for side, kind, chosen in sides
        if chosen is not None
    ]


def _video_lines(video: VideoCalibration) -> list[str]:
    """How a video gets its score."""
    from fakeloc_tf.metrics import aggregation_words

    aucs = ", ".join(f"{name} {auc:.4f}" for name, auc in video.auc.items())
    return [
        f"videos: {aggregation_words(video.aggregation)}; {video.reals} real and "
        f"{video.fakes} fake videos of {video.faces_per_video:.1f} faces",
        *([f"videos, AUC: {aucs}"] if aucs else []),
        *_rates("videos, ", video.fpr, video.fnr),
    ]


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(calibrate, argv, prog="fakeloc calibrate")


if __name__ == "__main__":
    sys.exit(main())
