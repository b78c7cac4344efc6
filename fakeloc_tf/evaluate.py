"""`fakeloc evaluate`: predictions, metrics, tables and `report.html` of a run."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli, options, shipped


class Split(StrEnum):
    """A split of the prepared records."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def evaluate(
    data: Annotated[Path, typer.Option(help="Prepared records.")],
    run: options.Run = None,
    split: Annotated[Split, typer.Option(help="Which faces.")] = Split.TEST,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder; default RUN/evaluation/<records>-<split>, of a shipped model "
            "below runs/<its name>."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Faces at once.")] = 16,
    allow_overlap: options.AllowOverlap = False,
    allow_other_preparation: options.AllowOtherPreparation = False,
) -> int:
    """Evaluates a run on one split of a prepared folder."""
    from rich.console import Console

    from fakeloc_tf.evaluation.page.write import FILE
    from fakeloc_tf.evaluation.protocol import Allowed
    from fakeloc_tf.evaluation.run import evaluate_run
    from fakeloc_tf.evaluation.tables import LEGEND, terminal_table, with_interval

    name = f"{data.resolve().name}-{split.value}"
    model = shipped.locate(run)
    folder = out or shipped.results_folder(model) / "evaluation" / name
    allowed = Allowed(allow_overlap, allow_other_preparation)
    metrics, table = evaluate_run(model, data, split.value, folder, batch_size, allowed)
    console = Console(soft_wrap=True, highlight=False)
    console.print(terminal_table(table, f"{metrics['dataset']}, {split.value}"))
    console.print(LEGEND)
    for key in (
        "frame_auc",
        "video_auc",
        "frame_eer",
        "iou_image_fakes",
        "fixed_mask_iou_image_fakes",
        "gain_iou_image_fakes",
    ):
        console.print(f"{key:<28} {with_interval(metrics, metrics['intervals'], key)}")
    console.print("in brackets: 95% interval by bootstrap over videos")
    console.print(f"written to {folder}; to look at: {folder / FILE}", markup=False)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(evaluate, argv, prog="fakeloc evaluate")


if __name__ == "__main__":
    sys.exit(main())
