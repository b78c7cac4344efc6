"""`report.html`: one file with everything inside, nothing from the web."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fakeloc_tf
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.process import STATUSES, FileReport
from fakeloc_tf.inference.timeline import Timeline, timeline
from fakeloc_tf.pages import environment

# Files whose faces are shown; a page with more is too heavy for a phone.
MAX_SHOWN = 100


class Report:
    """Collects files while they finish and writes the page at the end.

    Beyond `max_shown` files only the pictures of those with the highest scores are
    kept; the table lists every file.
    """

    def __init__(self, info: ModelInfo, max_shown: int = MAX_SHOWN) -> None:
        self._info = info
        self._max_shown = max_shown
        self._files: list[FileReport] = []
        self._left_out = 0

    def add(self, report: FileReport) -> None:
        """Takes one finished file in."""
        row = dict(report.row)
        tracks = [face.row["track"] for face in report.evidence if "track" in face.row]
        row["timeline"] = _timeline(row, tracks, self._info.threshold)
        row.pop("frames", None)
        self._files.append(FileReport(row, report.evidence))
        shown = [file for file in self._files if file.evidence]
        if len(shown) > self._max_shown:
            min(shown, key=_score).evidence = []
            self._left_out += 1

    def write(self, path: Path) -> None:
        """Writes the page: whole, or not at all."""
        write_text(path, self.html())

    def html(self) -> str:
        """The page."""
        ranked = sorted(self._files, key=_score, reverse=True)
        counts = Counter(file.row["status"] for file in self._files)
        template = environment("fakeloc_tf.inference").get_template("report.html")
        return template.render(
            files=ranked,
            shown=[file for file in ranked if file.evidence],
            left_out=self._left_out,
            counts=[(status, counts[status]) for status in STATUSES if counts[status]],
            model=self._info,
            version=fakeloc_tf.__version__,
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )


def _score(file: FileReport) -> float:
    """For ranking; files without faces, then those that were not read, come last."""
    if "probability" in file.row:
        return file.row["probability"]
    return -1.0 - STATUSES.index(file.row["status"])


def _timeline(
    row: dict[str, Any], tracks: list[int], threshold: float
) -> Timeline | None:
    """The plot of a video's `tracks`; None where there are none."""
    if not tracks:
        return None
    points: dict[int, list[tuple[float, float]]] = {track: [] for track in tracks}
    for frame in row["frames"]:
        for face in frame["faces"]:
            if face["track"] in points:
                points[face["track"]].append((frame["time"], face["probability"]))
    times = [frame["time"] for frame in row["frames"]]
    step = max((b - a for a, b in zip(times, times[1:], strict=False)), default=1.0)
    seconds = max(row["frames_in_file"] / row["fps"], times[-1], 1 / row["fps"])
    return timeline(points, seconds, step, threshold)
