"""`fakeloc train`: the two-step training of §IV-B."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli

log = logging.getLogger(__name__)
DEMO_CONFIG = Path("configs/demo.yaml")


class Steps(StrEnum):
    """Which of the two training steps."""

    ONE = "1"
    TWO = "2"
    BOTH = "both"


_STEPS = {
    Steps.ONE: ("step1",),
    Steps.TWO: ("step2",),
    Steps.BOTH: ("step1", "step2"),
}


def train(
    config: Annotated[Path, typer.Option(help="YAML file of the experiment.")] = (
        DEMO_CONFIG
    ),
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default runs/<name>.")
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(help="one | mirrored | multi_worker; default: the config's."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Prepared records; default: the config's.")
    ] = None,
    backbone_weights: Annotated[
        str | None, typer.Option(help="imagenet | none | PATH of a .weights.h5.")
    ] = None,
    steps: Annotated[
        Steps, typer.Option(help="Which of the two training steps.")
    ] = Steps.BOTH,
    step1_from: Annotated[
        str | None,
        typer.Option(
            help="What step 2 begins with: a run (its step1.keras), a .keras file of "
            "one, or a name of `fakeloc models`."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run stopped.")
    ] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override: section.key=value; repeatable."),
    ] = None,
) -> int:
    """Trains a detector in two steps; without arguments, on the demo data."""
    from fakeloc_tf import config as config_module

    overrides = list(set_ or [])
    for key, value in {
        "training.strategy": strategy,
        "data.records": data,
        "model.backbone.weights": backbone_weights,
        "training.step1_from": step1_from,
    }.items():
        if value is not None:
            overrides.append(f"{key}={value}")
    resolved = config_module.load(config, tuple(overrides))
    folder = run or Path("runs") / resolved.name

    from fakeloc_tf.training.start import start_training

    results = start_training(resolved, folder, _STEPS[steps], resume)
    for name, value in sorted((results or {}).items()):
        log.info("%s = %s", name, value)
    log.info("run folder: %s", folder)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(train, argv, prog="fakeloc train")


if __name__ == "__main__":
    sys.exit(main())
