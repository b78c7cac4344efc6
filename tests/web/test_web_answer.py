"""The line above the report, and the report's sandbox."""

from html.parser import HTMLParser

import pytest

from fakeloc_tf.config import Config
from fakeloc_tf.inference.run_info import from_config
from fakeloc_tf.web.ui.answer import HEIGHT_SCRIPT, failure, of_row

REPORT = '<html><head><title>"a" & b</title></head><body>x</body></html>'
INFO = from_config(Config())
OK = {"status": "ok", "kind": "image", "probability": 0.734}


class Tags(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("verdict", "headline", "tone"),
    [
        ("likely_manipulated", "Likely manipulated", "bad"),
        ("likely_real", "Likely real", "good"),
        ("not_sure", "Not sure", "none"),
    ],
)
def test_the_verdict_in_words_and_colour(verdict, headline, tone):
    answer = of_row(OK | {"verdict": verdict}, "a.jpg", REPORT, INFO)
    assert (answer.headline, answer.tone) == (headline, tone)
    assert "0.73" in answer.detail
    meaning = INFO.meanings()[verdict]
    assert f" {meaning[0].upper()}{meaning[1:]}. A verdict is a lead" in answer.detail


def test_the_report_is_in_a_sandbox_that_lets_scripts_run_and_no_more():
    answer = of_row(OK | {"verdict": "likely_real"}, "a.jpg", REPORT, INFO)
    (frame,) = [a for tag, a in Tags(answer.html()).tags if tag == "iframe"]
    assert frame["sandbox"] == "allow-scripts"
    assert frame["srcdoc"].replace(HEIGHT_SCRIPT, "") == REPORT
    assert "src" not in frame


@pytest.mark.parametrize("status", ["ok", "no_face", "unreadable"])
def test_names_are_text(status):
    name = '"><img src=x onerror=alert(1)>.jpg'
    row = OK | {"status": status, "verdict": "likely_real", "reason": f"{name} is bad"}
    shown = Tags(of_row(row, name, "<head></head>", INFO).html())
    assert "img" not in [tag for tag, _ in shown.tags]
    assert name in shown.text


@pytest.mark.parametrize(
    ("status", "says"), [("no_face", "No face was found"), ("too_small", "too small")]
)
def test_without_a_face_there_is_no_verdict(status, says):
    answer = of_row({"status": status, "kind": "image"}, "a.jpg", REPORT, INFO)
    assert answer.headline == "No verdict"
    assert says in answer.detail


def test_a_file_that_cannot_be_read_has_a_reason_and_no_report():
    row = {"status": "unreadable", "reason": "The file is empty (0 bytes)"}
    answer = of_row(row, "a.jpg", REPORT, INFO)
    assert answer == failure("a.jpg", "The file is empty (0 bytes).")
    assert "iframe" not in answer.html() and "download" not in answer.html()
