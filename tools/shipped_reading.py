"""JSON that an earlier command wrote."""

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
