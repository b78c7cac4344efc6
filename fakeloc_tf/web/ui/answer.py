"""The answer to an upload, as HTML: a line with the verdict, and the report in a frame.

The frame is a sandbox: the report's own script runs, and can neither reach the page
nor the network. Names of files are strangers' text, and are escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.outputs import Row
from fakeloc_tf.inference.report_text import sentence
from fakeloc_tf.inference.settings import MIN_FACE_SIDE
from fakeloc_tf.inference.verdict import (
    LIKELY_MANIPULATED,
    LIKELY_REAL,
    NOT_SURE,
    shown,
)

# Tells the page how high the report is: from inside of the sandbox a message is the
# only way out. It stands before the report's own policy, which would forbid it.
HEIGHT_SCRIPT = (
    "<script>new ResizeObserver(() => parent.postMessage({fakelocHeight: "
    "document.documentElement.offsetHeight}, '*')).observe(document.documentElement)"
    "</script>"
)
TONES = {LIKELY_MANIPULATED: "bad", LIKELY_REAL: "good", NOT_SURE: "none"}
_WITHOUT_FACE = {
    "no_face": "No face was found. Only faces that look more or less into the camera "
    "are found; a crop with a larger face may help.",
    "too_small": "The faces are too small to say anything: they need "
    f"{MIN_FACE_SIDE} pixels and more. Use the original instead of a thumbnail.",
}


@dataclass(frozen=True)
class Answer:
    """What is shown.

    Attributes:
        headline: the verdict, or that there is none; plain text.
        detail: a sentence or two; plain text.
        tone: `good`, `bad` or `none`; a colour.
        name: how the visitor calls the file; plain text.
        report: the page of the report, or empty.
    """

    headline: str
    detail: str
    tone: str
    name: str
    report: str = ""

    def html(self) -> str:
        """HTML for the page."""
        line = (
            f'<div class="answer {escape(self.tone)}" role="status">'
            f"<b>{escape(self.headline)}</b>"
            f'<span class="name">{escape(self.name)}</span>'
            f"<p>{escape(self.detail)}</p>{_BUTTON if self.report else ''}</div>"
        )
        return line + (_frame(self.report) if self.report else "")


_BUTTON = '<button type="button" class="download-report">Download the report</button>'


def _frame(report: str) -> str:
    """The report in its sandbox."""
    page = report.replace("<head>", f"<head>{HEIGHT_SCRIPT}", 1)
    return (
        '<iframe class="report" title="Report" sandbox="allow-scripts" '
        f'referrerpolicy="no-referrer" srcdoc="{escape(page)}"></iframe>'
    )


def failure(name: str, reason: str) -> Answer:
    """The answer to a file that was not examined."""
    return Answer("This file could not be examined", reason, "none", name)


def of_row(row: Row, name: str, report: str, info: ModelInfo) -> Answer:
    """The answer for a line of `results.jsonl`.

    Args:
        row: the line.
        name: how the visitor calls the file.
        report: HTML of the report.
        info: of the model, for what the verdict means.
    """
    status = row["status"]
    if status in _WITHOUT_FACE:
        return Answer("No verdict", _WITHOUT_FACE[status], "none", name, report)
    if status != "ok":
        return failure(name, f"{row['reason'].rstrip('.')}.")
    verdict, image = row["verdict"], row["kind"] == "image"
    meaning = sentence(info.meanings("face" if image else "video")[verdict])
    detail = (
        f"Score {row['probability']:.2f} of the {'face' if image else 'person'} with "
        f"the highest one. {meaning} A verdict is a lead to follow, not proof."
    )
    return Answer(shown(verdict).capitalize(), detail, TONES[verdict], name, report)
