"""What `fakeloc robustness` has measured of the same model on the same records."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.robustness.corruptions import CORRUPTIONS
from fakeloc_tf.evaluation.robustness.results import default_folder
from fakeloc_tf.evaluation.robustness.summary import CORRUPTION_TITLES


@dataclass(frozen=True)
class RobustnessPart:
    """The page's part on robustness.

    Attributes:
        command: that measures it.
        reason: why there is nothing to show; empty where there is.
        svg: the curves.
        titles: of the columns.
        rows: corruption → values; None = not measured.
        faces: how many faces were corrupted, for people.
    """

    command: str
    reason: str = ""
    svg: bytes = b""
    titles: tuple[str, ...] = tuple(CORRUPTION_TITLES.values())
    rows: tuple[tuple[Any, ...], ...] = ()
    faces: str = ""


def robustness_part(
    run: Path, records: Path, split: str, sha256: Mapping[str, Any]
) -> RobustnessPart:
    """Reads `RUN/robustness/<records>-<split>`.

    Args:
        run: folder of the run.
        records: prepared folder.
        split: whose faces were evaluated.
        sha256: of `metrics.json`; what is of other files is not shown.

    Raises:
        FakelocError: `robustness.json` is broken.
    """
    words = ("fakeloc", "robustness", "--run", run, "--data", records, "--split", split)
    command = shlex.join(map(str, words))
    folder = default_folder(run, records, split)
    path, drawing = folder / "robustness.json", folder / "robustness.svg"
    if not (path.is_file() and drawing.is_file()):
        return RobustnessPart(command, "Not measured yet.")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["sha256"] != sha256:
            return RobustnessPart(
                command,
                "What was measured is of another model or of other records, or of "
                "another calibration of it.",
            )
        return RobustnessPart(
            command,
            svg=drawing.read_bytes(),
            rows=tuple(_row(*item) for item in found["corruptions"].items()),
            faces=f"{found['faces']} of {found['faces_in_split']} faces",
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FakelocError(
            f"{path} cannot be read ({error!r}); remove it, or measure again with "
            f"`{command}`"
        ) from error


def _row(name: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """A corruption's line: title, then what the other columns hold."""
    _, *keys = CORRUPTION_TITLES
    return (CORRUPTIONS[name].title, *(values[key] for key in keys))
