"""`report.html`: one file with everything inside, nothing from the web.

It is made from `call.json`, `results.jsonl` and the picture files of a results folder
alone, so that it can be made again at any time, also of a call that was stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fakeloc_tf.files import write_text
from fakeloc_tf.inference import report_rows
from fakeloc_tf.inference.evidence import NOISE_GAIN, NOISE_SIGMA
from fakeloc_tf.inference.report_rows import FileLine
from fakeloc_tf.inference.report_text import (
    threshold_words,
    thresholds_of,
    trained_on,
    verdict_meanings,
)
from fakeloc_tf.inference.timeline import Timeline, clock, timeline
from fakeloc_tf.inference.tracks import ranked
from fakeloc_tf.inference.verdict import Thresholds
from fakeloc_tf.pages import data_uri, environment

Row = dict[str, Any]

PAGE = "report.html"
# Files whose faces are shown; a page with more is too heavy for a phone.
MAX_SHOWN = 100
# Rows of a table that are open from the start.
OPEN_ROWS = 300
# Fields that a row may be without.
_OPTIONAL = ("note", "overlay", "jpeg_quality", "bits_per_pixel")


def write_report(folder: Path, max_shown: int = MAX_SHOWN) -> Path:
    """Makes `report.html` of a results folder: whole, or not at all.

    Args:
        folder: what `fakeloc detect --out` wrote.
        max_shown: files with pictures, those with the highest scores; the tables list
            every file.

    Returns:
        The path of the page.

    Raises:
        FakelocError: `call.json` or `results.jsonl` is missing or damaged.
    """
    path = folder / PAGE
    write_text(path, html(folder, max_shown))
    return path


def html(folder: Path, max_shown: int = MAX_SHOWN, *, beside: bool = True) -> str:
    """The page as text; errors and other arguments are those of `write_report`.

    Args:
        folder: as there.
        max_shown: as there.
        beside: whether the page will lie in `folder`, and may link to its files.
    """
    call = report_rows.read_call(folder)
    lines = report_rows.read_lines(folder)
    shown = report_rows.shown_lines(lines, max_shown)
    model = call["model"]
    page = environment("fakeloc_tf.inference")
    page.filters |= {"clock": clock, "link": _link, "bytes": _bytes}
    page.filters |= {"moment": _moment, "threshold_words": threshold_words}
    return page.get_template("report.html").render(
        call=call,
        model=model,
        lines=lines,
        open_rows=OPEN_ROWS,
        statuses=_counts(line.status for line in lines),
        verdicts=_counts(line.verdict for line in lines if line.verdict),
        meanings=verdict_meanings(model, "face"),
        # Videos have thresholds of their own; said only where there are any.
        video_meanings=verdict_meanings(model, "video")
        if any(line.kind == "video" for line in lines)
        else [],
        rates_hold_for=model.get("rates_hold_for"),
        trained_on=trained_on(model),
        # One row in memory at a time: those of long videos are large.
        files=(_file(folder, line, model) for line in shown),
        shown_count=len(shown),
        left_out=sum(line.faces > 0 for line in lines) - len(shown),
        max_faces=report_rows.MAX_FACES,
        beside=beside,
        noise_gain=NOISE_GAIN,
        noise_sigma=NOISE_SIGMA,
        picture=lambda path: _picture(folder, path),
        made=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _file(folder: Path, line: FileLine, model: Row) -> Row:
    """A file with its faces, as the template shows them."""
    row: Row = dict.fromkeys(_OPTIONAL) | report_rows.read_row(folder, line)
    video = line.kind == "video"
    views = ranked(_tracks(row, model)) if video else _faces(row, model)
    return {
        "row": row,
        "video": video,
        "faces": views[: report_rows.MAX_FACES],
        "all_faces": len(row["tracks"] if video else row["faces"]),
    }


def _faces(row: Row, model: Row) -> list[Row]:
    """The faces of a picture."""
    limits = thresholds_of(model, "face")
    views = [
        face
        | {
            "title": f"Face {face['face']}",
            "limits": limits,
            "peaks": [face],
            "plot": None,
        }
        for face in row["faces"]
        if face.get("evidence")
    ]
    return sorted(views, key=lambda view: -view["probability"])


def _tracks(row: Row, model: Row) -> list[Row]:
    """The tracks of a video that have pictures."""
    limits, of_frames = thresholds_of(model, "video"), thresholds_of(model, "face")
    views = []
    for track in row["tracks"]:
        peaks = report_rows.shown_peaks(track)
        if peaks:
            view = track | {"title": f"Face {track['track']}", "limits": limits}
            view |= {"manipulated_fraction": peaks[0]["manipulated_fraction"]}
            view |= {"peaks": peaks}
            views.append(view | {"plot": _plot(row, view, of_frames)})
    return views


def _plot(row: Row, track: Row, limits: Thresholds) -> Timeline:
    """The scores of a track over time."""
    scores = [
        (frame["time"], face["probability"])
        for frame in row["frames"]
        for face in frame["faces"]
        if face["track"] == track["track"]
    ]
    times = [frame["time"] for frame in row["frames"]]
    steps = [b - a for a, b in zip(times, times[1:], strict=False)]
    return timeline(
        scores,
        [(time, score) for time, score in track["smoothed"]],
        seconds=max(row["seconds"], times[-1], 0.001),
        step=max(steps, default=1.0),
        threshold=limits.manipulated,
        real_threshold=limits.real,
        manipulated=track["manipulated_seconds"],
        peaks=[(peak["time"], peak["probability"]) for peak in track["peaks"]],
    )


def _counts(values: Any) -> Sequence[tuple[str, int]]:
    """How often each value is there, the most frequent first."""
    return Counter(values).most_common()


def _picture(folder: Path, path: str) -> str | None:
    """A picture of the folder as data URI; None where it was removed."""
    try:
        data = (folder / path).read_bytes()
    except OSError:
        return None
    return data_uri(data, "png" if path.endswith(".png") else "jpeg")


def _link(path: str) -> str:
    """The address of a file that lies beside the page."""
    # A first part with a colon would be taken for a scheme, as in `javascript:`.
    return "./" + quote(path, errors="replace")


def _moment(text: str) -> str:
    """`2026-11-25T12:35:59+00:00` → `2026-11-25 12:35:59 UTC`; other text as it is."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    if time.tzinfo is None:
        return text
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _bytes(count: int | None) -> str:
    """With thousands apart, for people to compare with their own listing."""
    return "–" if count is None else f"{count:,}"
