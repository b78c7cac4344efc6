"""What a table or a figure of the paper is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """What an item may use, and where it writes.

    Attributes:
        records: prepared records by name: the qualities of the main data, `c23` and
            perhaps `c40`, and perhaps `celebdf`.
        runs: trained run folders by `<experiment>_<quality>`, such as `ours_c23`.
        out: folder for what is made; an item writes `<name>.md` and `<name>.csv`, or
            `<name>.png` and `<name>.svg`.
        mark: a word that every output bears, such as `demo`; None for the paper's data.
    """

    records: Mapping[str, Path]
    runs: Mapping[str, Path]
    out: Path
    mark: str | None


@dataclass(frozen=True)
class Item:
    """A table or a figure of the paper.

    Attributes:
        title: what it shows, for people.
        experiments: names in `experiments.EXPERIMENTS` whose runs it needs.
        qualities: of the records that it can show; it shows those that are there.
        make: writes the files and returns their paths.
    """

    title: str
    experiments: tuple[str, ...]
    qualities: tuple[str, ...]
    make: Callable[[Context], list[Path]]
