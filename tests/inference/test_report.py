"""The report: self-contained, escaped, complete."""

import json
import re
from html.parser import HTMLParser

import pytest
from made_up_results import HASH, failed, image_row, video_row, write_results

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import report
from fakeloc_tf.inference.report import html, write_report

STRANGE = (
    '<script>alert(1)</script>"onload=&.jpg',
    "photo\u202egpj.exe",
    "a\u0000b\u2066c\udcff.jpg",
    "n" * 200 + ".jpg",
)


class Page(HTMLParser):
    """Tags, addresses and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.words, self.handlers = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "poster", "action", "data"):
                self.addresses.append((tag, value))
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_nothing_comes_from_elsewhere(tmp_path):
    write_results(tmp_path, image_row(tmp_path), video_row(tmp_path), failed("b.jpg"))
    text = html(tmp_path)
    page = Page(text)
    images = [value for tag, value in page.addresses if tag == "img"]
    # Crop, crop and map, noise and scene; of a further peak crop, map and scene.
    assert len(images) == 5 + (5 + 3) + 5
    assert all(value.startswith("data:image/") for value in images)
    links = [value for tag, value in page.addresses if tag != "img"]
    assert all(link.startswith("./overlays/") for link in links)
    assert "./overlays/v%20%231%3F.mp4" in links
    assert not {"video", "iframe", "link", "object", "base"} & set(page.tags)
    assert "http:" not in text and "https:" not in text


def test_only_the_page_s_own_script_may_run(tmp_path):
    write_results(tmp_path, failed("a.jpg"))
    text = html(tmp_path)
    (script,) = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', text)
    from fakeloc_tf.pages import script_hash

    assert policy.split("; ")[0] == "default-src 'none'"
    assert f"script-src '{script_hash(script)}'" in policy.split("; ")


def test_strange_names_are_text(tmp_path):
    rows = [failed(name) for name in STRANGE]
    rows += [image_row(tmp_path, name) for name in STRANGE]
    write_results(tmp_path, *rows)
    text = write_report(tmp_path).read_text(encoding="utf-8")
    page = Page(text)
    assert page.tags.count("script") == 1 and page.handlers == []
    assert "\u202e" not in text and "\u2066" not in text and "\x00" not in text
    assert STRANGE[0] in page.text
    assert "photo\\u202egpj.exe" in page.text
    assert "a\\u0000b\\u2066c\\udcff.jpg" in page.text


def test_what_a_server_tells_of_its_model_is_text(tmp_path):
    write_results(tmp_path, image_row(tmp_path), video_row(tmp_path))
    path = tmp_path / "call.json"
    call = json.loads(path.read_text())

    def spoil(value):
        if isinstance(value, dict):
            return {key: spoil(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [spoil(inner) for inner in value]
        return value + STRANGE[0] if isinstance(value, str) else value

    path.write_text(json.dumps(call | {"model": spoil(call["model"])}))
    text = html(tmp_path)
    page = Page(text)
    assert page.tags.count("script") == 1 and page.handlers == []
    assert f"goats{STRANGE[0]}" in page.text


def test_every_file_is_listed_the_highest_score_first(tmp_path):
    write_results(
        tmp_path,
        failed("odd.txt", "unsupported"),
        failed("bad.jpg"),
        image_row(tmp_path, "low.jpg", 0.2),
        image_row(tmp_path, "high.jpg", 0.9),
    )
    page = Page(html(tmp_path))
    order = ["high.jpg", "low.jpg", "bad.jpg", "odd.txt"]
    assert sorted(order, key=page.text.index) == order
    # The path is not said twice.
    assert "bad.jpg is empty" in page.text and "bad.jpg bad.jpg" not in page.text
    assert page.text.count(HASH) == 4 + 2
    assert page.text.count("1,234,567") == 4
    assert "1 unsupported" in page.text and "2 ok" in page.text


def test_pictures_are_bounded_and_the_rest_is_counted(tmp_path):
    write_results(
        tmp_path, *[image_row(tmp_path, f"{i}.jpg", i / 10) for i in range(5)]
    )
    page = html(tmp_path, max_shown=2)
    assert page.count("<section") == 2
    assert re.findall("<h3><bdi>(.*?)</bdi>", page) == ["4.jpg", "3.jpg"]
    assert "2 files with the highest scores. 3 more files" in Page(page).text
    assert "more files have faces" not in Page(html(tmp_path)).text


def test_a_crowd_does_not_make_a_giant_page(tmp_path):
    write_results(
        tmp_path,
        image_row(tmp_path, "crowd.jpg", 0.9, faces=9),
        image_row(tmp_path, "next.jpg", 0.8, faces=3),
    )
    page = html(tmp_path, max_shown=5)
    assert page.count('<div class="face">') == 8
    assert "Shown are 8 of 9 faces" in page
    assert "1 more file has faces" in Page(page).text


def test_a_long_table_is_folded(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "OPEN_ROWS", 3)
    write_results(tmp_path, *[failed(f"{i}.jpg") for i in range(5)])
    page = html(tmp_path)
    assert page.count("<details") == 2 and page.count("2 more files") == 2
    assert all(page.count(f"<bdi>{i}.jpg</bdi>") == 2 for i in range(5))


def test_a_face_has_its_numbers(tmp_path):
    row = image_row(tmp_path, probability=0.875, jpeg_quality=31)
    row["faces"][0] |= {
        "method_probabilities": {"pristine": 0.1, "<swap>": 0.9},
        "warnings": [{"code": "small", "text": "Too small <b>"}],
    }
    page = html(write_results(tmp_path, row))
    words = Page(page).text
    assert "0.875" in words and "25.0% of the crop" in words and "left" in words
    assert "pristine 0.10, <swap> 0.90" in words and "Too small <b>" in words
    assert "JPEG quality about 31" in words
    assert 'style="left:87.50%"' in page
    assert 'likely_real" style="width:20.00%"' in page
    assert 'not_sure" style="width:60.00%"' in page
    assert "× 40, σ 5" in words


def test_verdicts_are_words_and_a_sign(tmp_path):
    words = Page(html(write_results(tmp_path, image_row(tmp_path)))).text
    for verdict in ("▲ likely manipulated", "? not sure", "● likely real"):
        assert verdict in words


def test_a_video_has_its_scores_over_time(tmp_path):
    page = html(write_results(tmp_path, video_row(tmp_path)))
    words = Page(page).text
    # The track of one frame comes last, though its score is higher.
    assert re.findall("<h4>Face (.)", page) == ["0", "1"]
    first, second = page.split("<h4>Face ")[1:3]
    assert first.count('class="raw" points') == 2
    assert first.count('class="smooth" points') == 1
    assert first.count('class="band" x') == 1 and second.count('class="band" x') == 0
    assert first.count('class="peak"') == 2
    assert "0:01.0 to 0:03.2" in words
    assert "2 at 0:03.2, score 0.900" in words
    assert "The face is <tiny>." in words
    # Thresholds of a track are those of videos; its frames have those of faces.
    assert "likely manipulated from 0.700, likely real below 0.300" in words
    assert "likely manipulated from 0.800" in words
    assert "not inside of it" in words


def test_the_limits_and_the_origin_are_stated(tmp_path):
    words = Page(html(write_results(tmp_path, failed("a.jpg")))).text
    for fact in (
        "not calibrated",
        "demo set",
        "chosen on cheese",
        "goats",
        "runs/goat",
    ):
        assert fact in words
    assert "ef" * 32 in words and "0" * 64 in words and "tensorflow" in words
    assert "fakeloc detect goats" in words and "2026-11-25 10:00:00 UTC" in words
    assert "fps = 4.0" in words and "python 3.11.7" in words


def test_a_calibration_says_what_it_is_of(tmp_path):
    write_results(tmp_path, failed("a.jpg"), calibration_source="fitted on <cheese>")
    words = Page(html(tmp_path)).text
    assert "not calibrated" not in words
    assert "fitted on <cheese>" in words and "same share of fakes" in words


def test_old_results_without_texts_are_shown(tmp_path):
    write_results(tmp_path, image_row(tmp_path))
    call = json.loads((tmp_path / "call.json").read_text())
    call["model"] = {"threshold": 0.6}
    (tmp_path / "call.json").write_text(json.dumps(call))
    assert "The score is 0.600 or more" in Page(html(tmp_path)).text


def test_a_stopped_call_and_removed_pictures_are_shown(tmp_path):
    write_results(tmp_path, image_row(tmp_path))
    with (tmp_path / "results.jsonl").open("a") as file:
        file.write('{"path": "half')
    for picture in (tmp_path / "evidence").iterdir():
        picture.unlink()
    page = html(tmp_path)
    assert "a.jpg" in page and "half" not in page
    assert "picture removed" in page


def test_faces_without_pictures_are_only_listed(tmp_path):
    row = image_row(tmp_path)
    row["faces"][0]["evidence"] = {}
    page = html(write_results(tmp_path, row))
    assert "<section" not in page and "a.jpg" in page


def test_damaged_results_are_refused(tmp_path):
    with pytest.raises(FakelocError, match=r"call\.json"):
        html(tmp_path)
    write_results(tmp_path, failed("a.jpg"))
    (tmp_path / "results.jsonl").write_text("{}x\n")
    with pytest.raises(FakelocError, match=r"results\.jsonl, line 1"):
        html(tmp_path)
