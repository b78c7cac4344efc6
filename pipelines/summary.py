"""What a preparation did: `dataset.json`, `rejected.csv`, a table for the terminal."""

from __future__ import annotations

import collections
import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam

from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.files import write_text
from pipelines.extract import Settings
from pipelines.parts import Part
from pipelines.rejects import rejected_shares
from pipelines.sources import Listing, Rejection

VERSION = 1


class WriteSummary(beam.PTransform):
    """Parts to `dataset.json` and `rejected.csv`."""

    def __init__(self, folder: Path, listing: Listing, settings: Settings) -> None:
        super().__init__()
        self._folder = folder
        self._listing = listing
        self._settings = settings

    def expand(self, parts: beam.PCollection) -> beam.PCollection:
        """Adds the steps."""
        return (
            parts
            | "OneKey" >> beam.Map(lambda part: (None, part))
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.MapTuple(lambda _, found: self._write(list(found)))
        )

    def _write(self, parts: list[Part]) -> None:
        """Writes both files."""
        parts.sort(key=lambda part: part.source.video_id)
        rejected = list(self._listing.rejected)
        rejected += [line for part in parts for line in part.rejected]
        write_text(self._folder / "rejected.csv", to_csv(rejected))
        summary = summarise(parts, self._listing.classes, self._settings)
        first = parts[0].source
        summary = {"name": first.dataset, "quality": first.quality, **summary}
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        write_text(self._folder / "dataset.json", text)


def summarise(
    parts: Sequence[Part], classes: tuple[str, ...], settings: Settings
) -> dict[str, Any]:
    """The content of `dataset.json`, but for name and quality.

    Returns:
        `classes`, `prepare`, `crop`; `counts` and `videos`: split -> method -> faces,
        or sources with at least one face; `fakes_without_mask`, `repeats`: split ->
        faces, which `counts` has too; `people`: split -> identities of the sources
        with a face; `rejected`: see `rejects.rejected_shares`.
    """
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    videos: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    people: dict[str, set[str]] = {split: set() for split in SPLITS}
    without_mask, repeats = dict.fromkeys(SPLITS, 0), dict.fromkeys(SPLITS, 0)
    for part in parts:
        split, method = part.source.split, part.source.method
        counts[split][method] = counts[split].get(method, 0) + part.faces
        videos[split][method] = videos[split].get(method, 0) + (part.faces > 0)
        without_mask[split] += part.without_mask
        repeats[split] += part.repeats
        people[split].update(part.source.identities if part.faces else ())
    return {
        "classes": list(classes),
        "prepare": settings.prepare.model_dump(mode="json"),
        "crop": "detect" if settings.detect else "none",
        "counts": counts,
        "videos": videos,
        "fakes_without_mask": without_mask,
        "repeats": repeats,
        "people": {split: sorted(found) for split, found in people.items()},
        "rejected": rejected_shares(parts),
        "version": VERSION,
    }


def to_csv(rejected: Iterable[Rejection]) -> str:
    """`rejected.csv`; an empty frame stands for the whole file."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(field.name for field in dataclasses.fields(Rejection))
    for line in rejected:
        frame = "" if line.frame is None else line.frame
        table.writerow([line.split, line.method, line.video, frame, line.reason])
    return text.getvalue()


def read_rejected(folder: Path) -> list[dict[str, str]]:
    """The lines of `rejected.csv`; the columns are `Rejection`'s."""
    with (folder / "rejected.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def show(folder: Path) -> None:
    """Prints the two tables of a prepared folder: faces, and rejections by reason."""
    from rich.console import Console
    from rich.table import Table

    summary = dataset_info(folder)
    faces = Table("method", *SPLITS, title=f"faces in {folder}")
    for method in summary["classes"]:
        row = [summary["counts"][split].get(method, 0) for split in SPLITS]
        if any(row):
            faces.add_row(method, *(f"{count:,}" for count in row))
    reasons = collections.Counter(line["reason"] for line in read_rejected(folder))
    console = Console()
    console.print(faces)
    if reasons:
        console.print(f"left out, frame by frame in {folder / 'rejected.csv'}:")
        table = Table("reason", "count")
        for reason, count in reasons.most_common():
            table.add_row(reason, f"{count:,}")
        console.print(table)
    if without := sum(summary["fakes_without_mask"].values()):
        console.print(f"{without:,} fakes have no mask: they train the label only")
    if repeats := sum(summary["repeats"].values()):
        console.print(f"{repeats:,} faces of short real videos are repeats")
