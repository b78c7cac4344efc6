"""The files of a data set, each opened once: frames, faces wanted, what is wrong."""

from __future__ import annotations

import collections
import csv
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich import box
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

COLUMNS = (
    *("video", "method", "split", "file", "identities"),
    *("frames", "wanted", "mask", "problem"),
)


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
    table = _table(listing.classes, breakdown(items), found)
    if not console.is_terminal:
        # A file takes lines of any length; on a terminal numbers would be cut as well.
        wide = console.options.update(max_width=1000)
        console.width = max(console.width, console.measure(table, options=wide).maximum)
    console.print(table)
    unreadable = [item for item in items if item.problem]
    if unreadable:
        console.print(f"cannot be read: {len(unreadable):,}", highlight=False)
        for item in unreadable:
            console.print(f"  {item.problem}", highlight=False, soft_wrap=True)
    for title, rejections in (
        ("in the lists of the data set, but not there", listing.missing),
        ("left out", listing.rejected),
    ):
        _show_rejections(console, title, rejections)
    unmasked = sum(i.source.label and i.source.mask_path is None for i in items)
    if unmasked:
        console.print(f"fakes without a mask, for the label only: {unmasked:,}")


def _table(
    classes: Sequence[str],
    totals: dict[tuple[str, str], tuple[int, int]],
    found: dict[str, dict[str, int]] | None,
) -> Table:
    """Methods × splits: videos, and faces wanted, or found of those wanted."""
    faces = "found/wanted" if found else "wanted"
    table = Table(title="Table I", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("method", no_wrap=True)
    for split in SPLITS:
        table.add_column(f"{split}\nvideos", justify="right", no_wrap=True)
        table.add_column(f"faces\n{faces}", justify="right", no_wrap=True)
    for method in (*classes, None):
        cells, some = [], False
        for split in SPLITS:
            videos, wanted = _total(totals, method, split)
            there = _total_found(found, method, split)
            some = some or bool(videos or wanted or there)
            cells += [
                f"{videos:,}",
                f"{there:,}/{wanted:,}" if found else f"{wanted:,}",
            ]
        if method is None:
            table.add_section()
        if some:
            table.add_row(method or "all", *cells)
    return table


def _total(
    totals: dict[tuple[str, str], tuple[int, int]], method: str | None, split: str
) -> tuple[int, int]:
    """(videos, wanted) of a method, or of all."""
    every = [v for (m, s), v in totals.items() if s == split and method in (m, None)]
    return sum(videos for videos, _ in every), sum(wanted for _, wanted in every)


def _total_found(
    found: dict[str, dict[str, int]] | None, method: str | None, split: str
) -> int:
    """Faces in the records of a method, or of all."""
    counts = (found or {}).get(split, {})
    return sum(n for name, n in counts.items() if method in (name, None))


def _show_rejections(
    console: Console, title: str, rejections: Sequence[Rejection]
) -> None:
    """A line for each method and reason: how many, and which is the first."""
    groups: dict[tuple[str, ...], list[str]] = collections.defaultdict(list)
    for line in rejections:
        groups[line.split, line.method, line.reason].append(line.video)
    if groups:
        console.print(f"{title}: {len(rejections):,}", highlight=False)
    for (*where, reason), videos in groups.items():
        place = " ".join(filter(None, where))
        console.print(
            f"  {place}: {len(videos):,} {reason}, e.g. {videos[0]}",
            highlight=False,
            soft_wrap=True,
        )


def write_csv(path: Path, items: Iterable[Item], listing: Listing) -> None:
    """A line a file, found or missing, for other tools."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for item in items:
        source = item.source
        row = [source.video_id, source.method, source.split, source.path]
        row += [";".join(source.identities), item.frames, item.wanted]
        table.writerow([*row, source.mask_path or "", item.problem])
    for line in (*listing.rejected, *listing.missing):
        row = [line.video, line.method, line.split, "", "", 0, 0, "", line.reason]
        table.writerow(row)
    write_text(path, text.getvalue())
