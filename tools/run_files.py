"""What an earlier command wrote into the folder of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        FakelocError: it is missing or broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error


def commit_of(run: Path) -> str:
    """Ten digits of the commit that trained a run, or `unknown`.

    Raises:
        FakelocError: its `versions.json` is missing or broken.
    """
    commit: str = read_json(run / "versions.json").get("git", "unknown")
    return commit[:10]
