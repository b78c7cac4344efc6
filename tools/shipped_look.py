"""The final look at a test split: once, whatever run it is of, unless wanted again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from run_files import read_json

from fakeloc_tf.data.prepared import split_sha256
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256, write_text

MARKER = "looked_at_test.json"


def check_looks(records: Path, again: bool) -> None:
    """Refuses a second look at a test split.

    Args:
        records: prepared folder.
        again: although it was looked at before.

    Raises:
        FakelocError: it was looked at before, and `again` is False.
    """
    looks = _looks(records)
    if looks and not again:
        raise FakelocError(
            f"{records / MARKER}: the test split was looked at on {looks[-1]['date']}, "
            f"model {looks[-1]['model_sha256'][:10]}, and what is chosen after a look "
            "is chosen on the test. Rehearse with --split val; or pass --again, and "
            "the card says how many looks there were"
        )


def note_look(run: Path, records: Path, date: str) -> int:
    """Notes in the records that their test split is looked at now.

    Noted before anything is measured: a look that failed halfway has shown something.

    Args:
        run: folder of the run.
        records: prepared folder.
        date: of now.

    Returns:
        How many looks there were, of this run and of others, with this one.
    """
    look = {
        "date": date,
        "records_sha256": split_sha256(records, "test"),
        "model_sha256": file_sha256(run / "best.keras"),
    }
    looks = [*_looks(records), look]
    write_text(records / MARKER, json.dumps(looks, indent=2) + "\n")
    return len(looks)


def _looks(records: Path) -> list[dict[str, Any]]:
    return read_json(records / MARKER) if (records / MARKER).exists() else []
