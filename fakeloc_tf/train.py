"""`fakeloc train`: the two-step training of §IV-B."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli

log = logging.getLogger(__name__)
DEMO_CONFIG = Path("configs/demo.yaml")


def train(
    config: Annotated[Path, typer.Option(help="YAML file of the experiment.")] = (
        DEMO_CONFIG
    ),
    run: Annotated[
        Path | None, typer.Option(help="Folder of the run; default runs/<name>.")
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="one | mirrored; default: the config's.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Prepared records; default: the config's.")
    ] = None,
    backbone_weights: Annotated[
        str | None, typer.Option(help="imagenet | none | PATH of a .weights.h5.")
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
    if strategy is not None:
        overrides.append(f"training.strategy={strategy}")
    if data is not None:
        overrides.append(f"data.records={data}")
    if backbone_weights is not None:
        overrides.append(f"model.backbone.weights={backbone_weights}")
    resolved = config_module.load(config, tuple(overrides))
    folder = run or Path("runs") / resolved.name

    from fakeloc_tf.data.demo_records import ensure_demo_records
    from fakeloc_tf.data.prepared import dataset_info
    from fakeloc_tf.training.run_folder import RunFolder
    from fakeloc_tf.training.strategies import make_strategy
    from fakeloc_tf.training.training_data import check_data
    from fakeloc_tf.training.two_step import train as train_two_steps

    ensure_demo_records(resolved)
    check_data(dataset_info(resolved.data.records), resolved)
    run_folder = RunFolder(folder)
    run_folder.start(resolved, resume)
    replicas = make_strategy(resolved.training.strategy, resolved.training.cpu_replicas)
    log.info(
        "run %s: strategy %s, %d replica(s)",
        folder,
        resolved.training.strategy,
        replicas.num_replicas_in_sync,
    )
    results = train_two_steps(resolved, run_folder, replicas)
    for name, value in sorted(results.items()):
        log.info("%s = %s", name, value)
    log.info("best model: %s", run_folder.best_model)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(train, argv, prog="fakeloc train")


if __name__ == "__main__":
    sys.exit(main())
