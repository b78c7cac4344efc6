"""CSV files that users write."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from fakeloc_tf.errors import FakelocError


def read_table(
    path: Path, required: Collection[str], expected: str
) -> list[dict[str, str]]:
    """The rows of a CSV file that has at least the `required` columns.

    Args:
        path: the file.
        required: names of columns.
        expected: all columns, for the message.

    Raises:
        FakelocError: it cannot be read, or lacks a column; names both.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            missing = set(required) - set(table.fieldnames or ())
            if missing:
                raise FakelocError(
                    f"{path}: no column {', '.join(sorted(missing))}; expected "
                    f"{expected}. Received: {table.fieldnames}"
                )
            return list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
