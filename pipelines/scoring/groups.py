"""Files in groups that are scored, written and resumed as one.

A group is a line of a file that is written once, before any work: a number stands for
the same files whatever happens to the folders meanwhile, and what travels between the
workers is that number and where the line begins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_file
from fakeloc_tf.inference.inputs import InputFile, kind_of


@dataclass(frozen=True)
class Group:
    """Where the files of a group are listed.

    Attributes:
        number: from 0, in the order of the list.
        offset: of its line, in bytes.
    """

    number: int
    offset: int

    @property
    def part(self) -> str:
        """Name of its files, in each folder of the output."""
        return part_name(self.number)


def group_paths(paths: Iterable[Path], pictures: int) -> Iterator[list[Path]]:
    """Groups of at most `pictures` files in order; each video is one of its own.

    Args:
        paths: in the order to group them in.
        pictures: >= 1.
    """
    group: list[Path] = []
    for path in paths:
        if kind_of(path) == "video":
            yield [path]
            continue
        group.append(path)
        if len(group) == pictures:
            yield group
            group = []
    if group:
        yield group


def write_groups(path: Path, groups: Iterable[list[Path]]) -> int:
    """Writes a line a group; the number of files.

    Args:
        path: of the list; appears when it is whole.
        groups: see `group_paths`.

    Raises:
        FakelocError: there are none.
    """
    files = 0
    with new_file(path) as temporary:
        with temporary.open("w", encoding="ascii") as lines:
            for group in groups:
                # Escaped, so that names of any bytes and line breaks come back.
                lines.write(json.dumps([os.fspath(file) for file in group]) + "\n")
                files += len(group)
        if not files:
            raise FakelocError(
                "--input matches no files; a pattern needs quotes, and `**` for files "
                "in folders of folders, as in 'DIR/**/*.jpg'"
            )
    return files


def read_groups(path: Path) -> Iterator[tuple[Group, int]]:
    """Every group of a list, and how many files it has."""
    offset = 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            yield Group(number, offset), len(json.loads(line))
            offset += len(line)


def files_of(path: Path, group: Group) -> list[InputFile]:
    """The files of one group.

    Args:
        path: of the list.
        group: as `read_groups` gave it.
    """
    with path.open("rb") as lines:
        lines.seek(group.offset)
        names = json.loads(lines.readline())
    return [
        InputFile(Path(name), kind_of(Path(name)), str(i))
        for i, name in enumerate(names)
    ]


def part_name(number: int) -> str:
    """Name of the files of a group, in each folder of the output."""
    return f"part-{number:08d}.parquet"
