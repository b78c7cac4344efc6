"""Takes the paths of a machine out of what a run says of itself."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

# From the root, a home, a drive or above the project: a place on somebody's machine.
_ELSEWHERE = re.compile(r"^(/|~|[A-Za-z]:[\\/]|\\\\|(\./)*\.\.(/|$))")


class NeutralPaths:
    """Shortens paths outside of the project to what they name, each in the same way.

    The records become `datasets/<data set>/records`, where the configurations of the
    project have theirs; anything else keeps its last name. Which records it were, their
    hashes say, which stay.
    """

    def __init__(self, dataset: str) -> None:
        """`dataset`: name of the run's records, of their `dataset.json`."""
        self._records = f"datasets/{dataset}/records"

    def clean(self, value: Any, key: str = "") -> Any:
        """JSON values without such paths.

        Args:
            value: as `json.loads` gives it.
            key: under which it stands.
        """
        if isinstance(value, dict):
            return {name: self.clean(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item, key) for item in value]
        if not isinstance(value, str) or not _ELSEWHERE.match(value):
            return value
        if key == "records":
            return self._records
        return PurePosixPath(value.replace("\\", "/")).name
