"""The files of a data set, each opened once: frames, faces wanted, what is wrong."""

from __future__ import annotations

import collections
import csv
import io
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.media.images import read_image
from pipelines.frames import faces_wanted, frames_in, is_picture, repeats_of_frames
from pipelines.sources import Listing, Rejection, Source

# Lines of a kind that are printed; the rest is counted.
SHOWN = 5


@dataclass(frozen=True)
class Item:
    """One file as found.

    Attributes:
        frames: in the file; 0 if it cannot be read.
        wanted: faces that preparation would take at most.
        problem: why it cannot be read; empty if it can.
    """

    source: Source
    frames: int
    wanted: int
    problem: str


def take(
    sources: Sequence[Source], prepare: PrepareConfig, workers: int = 4
) -> list[Item]:
    """Opens every file and counts its frames, in the order of `sources`."""
    console = Console(stderr=True)
    with ThreadPoolExecutor(workers) as pool:
        items = pool.map(lambda source: _look(source, prepare), sources)
        return list(
            track(
                items,
                "files",
                total=len(sources),
                console=console,
                disable=not console.is_terminal,
            )
        )


def _look(source: Source, prepare: PrepareConfig) -> Item:
    """One file."""
    try:
        frames = frames_in(source)
        if is_picture(source):
            read_image(source.path)
    except FakelocError as error:
        return Item(source, 0, 0, str(error))
    repeats = repeats_of_frames(frames, source, prepare).total()
    return Item(
        source, frames, min(faces_wanted(source, prepare), frames + repeats), ""
    )


def read_found(records: Path) -> dict[str, dict[str, int]]:
    """Faces that were found: split -> method -> count.

    Raises:
        FakelocError: the folder holds no records.
    """
    try:
        return json.loads((records / "dataset.json").read_text("utf-8"))["counts"]
    except (OSError, ValueError, KeyError) as error:
        raise FakelocError(f"--records {records} holds no records: {error}") from error


def breakdown(items: Iterable[Item]) -> dict[tuple[str, str], tuple[int, int]]:
    """(method, split) -> (videos that can be read, faces wanted)."""
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for item in items:
        if not item.problem:
            key = item.source.method, item.source.split
            videos, wanted = totals.get(key, (0, 0))
            totals[key] = videos + 1, wanted + item.wanted
    return totals


def show(
    listing: Listing, items: Sequence[Item], found: dict[str, dict[str, int]] | None
) -> None:
    """Prints Table I and the faults."""
    console = Console()
    console.print(_table(listing.classes, breakdown(items), found))
    unreadable = [item.problem for item in items if item.problem]
    _show_lines(console, "cannot be read", unreadable)
    for title, rejections in (
        ("named by the lists of the data set, but not there", listing.missing),
        ("left out", listing.rejected),
    ):
        _show_rejections(console, title, rejections)
    unmasked = [i.source.video_id for i in items if i.source.label and _no_mask(i)]
    _show_lines(console, "fakes without a mask: they train the label only", unmasked)


def _no_mask(item: Item) -> bool:
    return item.source.mask_path is None


def _table(
    classes: Sequence[str],
    totals: dict[tuple[str, str], tuple[int, int]],
    found: dict[str, dict[str, int]] | None,
) -> Table:
    """Methods × splits: videos, faces wanted, faces found."""
    table = Table("method", title="Table I: videos and faces")
    columns = ("videos", "wanted") + (("found",) if found else ())
    for split in SPLITS:
        for column in columns:
            table.add_column(f"{split}\n{column}", justify="right")
    sums: collections.Counter[int] = collections.Counter()
    for method in classes:
        cells = []
        for split in SPLITS:
            cells += [*totals.get((method, split), (0, 0))]
            if found:
                cells.append(found.get(split, {}).get(method, 0))
        if any(cells):
            sums.update(dict(enumerate(cells)))
            table.add_row(method, *(f"{cell:,}" for cell in cells))
    table.add_section()
    every = range(len(SPLITS) * len(columns))
    table.add_row("all", *(f"{sums[column]:,}" for column in every))
    return table


def _show_rejections(
    console: Console, title: str, rejections: Sequence[Rejection]
) -> None:
    """Counted by method and reason, with the first names of each."""
    groups: dict[str, list[str]] = collections.defaultdict(list)
    for line in rejections:
        where = f"{line.split} " if line.split else ""
        groups[f"{where}{line.method}, {line.reason}"].append(line.video)
    for kind, videos in groups.items():
        _show_lines(console, f"{title}: {kind}", videos)


def _show_lines(console: Console, title: str, lines: Sequence[str]) -> None:
    """A heading with the count, and the first few lines."""
    if not lines:
        return
    console.print(f"[bold]{title}[/bold]: {len(lines):,}", highlight=False)
    for line in lines[:SHOWN]:
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  … and {len(lines) - SHOWN:,} more")


def write_csv(path: Path, items: Iterable[Item]) -> None:
    """A line a file, for other tools."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ("file", "method", "split", "identities", "frames", "wanted", "mask", "problem")
    )
    for item in items:
        source = item.source
        row: tuple[Any, ...] = (source.path, source.method, source.split)
        row += (";".join(source.identities), item.frames, item.wanted)
        table.writerow((*row, source.mask_path or "", item.problem))
    write_text(path, text.getvalue())
