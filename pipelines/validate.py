"""Checks prepared records, and shows what is in them.

python -m pipelines.validate --records RECORDS
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fakeloc_tf import cli


def validate(
    records: Annotated[Path, typer.Option(help="folder that prepare wrote")],
    out: Annotated[
        Path | None, typer.Option(help="folder of the page; default RECORDS/audit")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="TFDV schema; default pipelines/schema.pbtxt")
    ] = None,
    max_skew: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="bound between splits; default: the schema's"),
    ] = None,
    sheets: Annotated[
        bool, typer.Option("--sheets", help="a contact sheet a video, too")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="processes")] = 1,
) -> int:
    """Reads every record; the exit status is 1 if something is wrong.

    Writes a page with the distributions of each method, that needs no network.
    """
    from fakeloc_tf.data.prepared import dataset_info
    from pipelines import audit_page, checks, contact_sheets
    from pipelines.face_facts import collect_facts
    from pipelines.summary import read_rejected

    info = dataset_info(records)
    facts = collect_facts(records, info["classes"], workers)
    anomalies = checks.find_anomalies(facts, info, schema or checks.SCHEMA, max_skew)
    folder = out or records / "audit"
    written = contact_sheets.write(records, folder / "sheets") if sheets else []
    page = audit_page.write(
        folder, facts, info, read_rejected(records), anomalies, written
    )
    for anomaly in anomalies:
        print(f"anomaly: {anomaly}")
    print(f"{len(facts):,} faces, {len(anomalies)} anomalies: {page}")
    return int(bool(anomalies))


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    return cli.run(validate, argv, prog="python -m pipelines.validate")


if __name__ == "__main__":
    sys.exit(main())
