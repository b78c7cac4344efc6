"""The page in a browser, as a visitor uses it."""

import shutil

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.images import read_image, write_png
from fakeloc_tf.media.video import write_video
from fakeloc_tf.web.limits import MB

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

CHROME = next(
    filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))),
    None,
)
pytestmark = pytest.mark.skipif(CHROME is None, reason="there is no Chromium here")
WAIT = 60_000


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        # Containers do not let Chromium make a sandbox of its own.
        yield started.chromium.launch(executable_path=CHROME, args=["--no-sandbox"])


@pytest.fixture
def visit(browser, page_url):
    """The opened page; at the end nothing may have been asked of anyone else."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    requests, faults = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(page_url)
    page.wait_for_selector(".sample")
    yield page
    context.close()
    own = (page_url, "data:", "blob:", "about:")
    assert [url for url in requests if not url.startswith(own)] == []
    assert faults == []


def drop(page, path):
    page.set_input_files("#drop input[type=file]", path)


def answer(page, name):
    """Waits for the answer to the file `name`; returns its text."""
    page.wait_for_selector(f'.answer .name:text-is("{name}")', timeout=WAIT)
    return page.inner_text(".answer")


def test_a_dropped_picture_gets_its_report(visit, served_folder, tmp_path):
    name = "me <b>& you.jpg"
    shutil.copy(load_portraits()[0].path, tmp_path / name)
    drop(visit, tmp_path / name)
    assert "Score" in answer(visit, name)
    report = visit.frame_locator("iframe.report")
    assert report.locator("h1").inner_text() == "Face manipulation report"
    # The height follows the report, which is no longer than its frame.
    visit.wait_for_function(
        "document.querySelector('iframe.report').clientHeight > 700", timeout=WAIT
    )
    frame = visit.frames[-1]
    high = frame.evaluate("document.documentElement.offsetHeight")
    shown = visit.evaluate("document.querySelector('iframe.report').clientHeight")
    assert 0 <= shown - high < 5
    left = [path.name for path in served_folder.rglob("*") if path.is_file()]
    assert left == ["manipulated.png"]
    # The place to drop is free again.
    assert visit.locator("#drop input[type=file]").count() == 1


def test_the_slider_of_the_report_works_in_the_page(visit):
    visit.get_by_role("button", name="Examine").first.click()
    answer(visit, "Pristine portrait.jpg")
    report = visit.frame_locator("iframe.report")
    slider, heat = report.get_by_label("Opacity of the map"), report.locator(".heat")
    before = heat.first.evaluate("map => getComputedStyle(map).opacity")
    slider.first.fill("10")
    assert heat.first.evaluate("map => map.style.opacity") == "0.1" != before


def test_the_report_is_downloaded_as_it_was_written(visit, tmp_path):
    visit.get_by_role("button", name="Examine").nth(1).click()
    answer(visit, "Manipulated portrait.png")
    with visit.expect_download() as download:
        visit.get_by_role("button", name="Download the report").click()
    assert download.value.suggested_filename == "fakeloc-report.html"
    download.value.save_as(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert text.startswith("<!DOCTYPE html>") and text.rstrip().endswith("</html>")
    assert "fakelocHeight" not in text


def test_the_sandbox_holds(visit):
    visit.get_by_role("button", name="Examine").first.click()
    answer(visit, "Pristine portrait.jpg")
    report = visit.frame_locator("iframe.report")
    report.locator("h1").wait_for()
    frame = visit.frames[-1]
    assert frame.evaluate("window.origin") == "null"
    reach = "try { parent.document.title; 'reached' } catch (e) { e.name }"
    assert frame.evaluate(reach) == "SecurityError"


def test_a_dropped_video_gets_its_report(visit, tmp_path):
    image = read_image(load_portraits()[0].path)[:400, :320]
    write_video(tmp_path / "clip.mp4", [image] * 6, 6.0)
    drop(visit, tmp_path / "clip.mp4")
    assert "the person" in answer(visit, "clip.mp4")
    assert visit.frame_locator("iframe.report").locator("svg").count() >= 1


def test_answers_in_plain_words(visit, tmp_path):
    (tmp_path / "text.jpg").write_text("no picture")
    write_png(tmp_path / "wall.png", np.full((200, 200, 3), 128, np.uint8))
    write_video(tmp_path / "long.mp4", [np.zeros((48, 64, 3), np.uint8)] * 30, 10.0)
    (tmp_path / "notes.txt").write_text("no picture")
    for name, says in (
        ("text.jpg", "not a picture that can be decoded"),
        ("wall.png", "No face was found"),
        ("long.mp4", "No face was found"),
        ("notes.txt", "neither a picture nor a video"),
    ):
        drop(visit, tmp_path / name)
        assert says in answer(visit, name)


def test_a_too_large_file_is_not_sent(visit, tmp_path):
    (tmp_path / "large.jpg").write_bytes(bytes(2 * MB))
    drop(visit, tmp_path / "large.jpg")
    visit.get_by_text("exceed the maximum allowed size").wait_for(timeout=WAIT)


def test_a_narrow_window_does_not_scroll_sideways(visit):
    visit.set_viewport_size({"width": 400, "height": 800})
    visit.get_by_role("button", name="Examine").first.click()
    answer(visit, "Pristine portrait.jpg")
    assert visit.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_page_says_what_it_cannot_see(visit):
    text = visit.inner_text("body")
    for part in ("was trained on", "not proof", "does not endorse", "public domain"):
        assert part in text
