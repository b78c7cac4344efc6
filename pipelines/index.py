"""What a data set holds, before any long work: Table I, and what is missing.

python -m pipelines.index --input DIR
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fakeloc_tf import cli
from pipelines import options


def index(
    input: options.Input,
    config: options.Config = None,
    set_: options.Overrides = None,
    layout: options.Layout = None,
    quality: options.QualityOf = None,
    identities: options.Identities = None,
    splits: options.Splits = options.SplitsFrom.official,
    name: options.Name = None,
    records: Annotated[
        Path | None,
        typer.Option(
            help="prepared from it: adds the faces found; without --config its settings"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="new CSV with a line a video")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="files opened at once")] = 4,
) -> int:
    """Prints videos and faces per method and split; lists what is wrong.

    The exit status is 1 if a file cannot be read.
    """
    from fakeloc_tf.config import load
    from fakeloc_tf.data.prepared import dataset_info
    from pipelines import inventory
    from pipelines.layouts import list_sources
    from pipelines.layouts.request import make_request
    from pipelines.sources import check_listing

    summary = dataset_info(records) if records else None
    settings = [] if config or not summary else _settings(summary)
    prepare = load(config, (*settings, *(set_ or ()))).prepare
    request = make_request(input, name, quality, identities, splits)
    listing = list_sources(request, layout)
    check_listing(listing, input)
    items = inventory.take(listing.sources, prepare, workers)
    inventory.show(listing, items, summary and summary["counts"])
    if out:
        inventory.write_csv(out, items, listing)
    return int(any(item.problem for item in items))


def _settings(summary: dict[str, Any]) -> list[str]:
    """How many faces the records were to have, as overrides."""
    keys = "frames_train", "frames_eval", "real_factor"
    return [f"prepare.{key}={summary['prepare'][key]}" for key in keys]


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return cli.run(index, argv, prog="python -m pipelines.index")


if __name__ == "__main__":
    sys.exit(main())
