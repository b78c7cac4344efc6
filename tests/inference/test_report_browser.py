"""The report in a browser: the slider, the script's policy, narrow screens, print."""

import shutil

import pytest
from made_up_results import failed, image_row, video_row, write_results

from fakeloc_tf.inference import report
from fakeloc_tf.inference.report import write_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as tool:
        made = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "out"
    folder.mkdir()
    rows = [image_row(folder, faces=2), video_row(folder)]
    rows += [image_row(folder, '"><img src=x onerror=alert(1)>' + "n" * 200, 0.5)]
    rows += [failed(f"{i}.jpg") for i in range(report.OPEN_ROWS)]
    return write_report(write_results(folder, *rows)).as_uri()


def opened(browser, address, **context):
    page = browser.new_page(**context)
    page.faults, page.requests = [], []
    page.on("console", lambda message: page.faults.append(message.text))
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("dialog", lambda dialog: page.faults.append(dialog.message))
    page.on("request", lambda request: page.requests.append(request.url))
    page.goto(address)
    return page


def opacities(page):
    return page.eval_on_selector_all(
        ".face",
        "faces => faces.map(f => getComputedStyle(f.querySelector('.heat')).opacity)",
    )


def test_a_slider_changes_its_own_face_by_keyboard(browser, address):
    page = opened(browser, address)
    slider = page.get_by_label("Opacity of the map").nth(1)
    assert opacities(page)[:3] == ["0.65"] * 3
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert opacities(page)[:3] == ["0.65", "0.7", "0.65"]
    page.keyboard.press("Home")
    assert opacities(page)[:3] == ["0.65", "0", "0.65"]
    assert page.locator("output").nth(1).inner_text() == "0%"
    # All maps of a video's face follow its slider.
    page.get_by_label("Opacity of the map").nth(3).fill("100")
    face = page.locator(".face").nth(3)
    shown = face.locator(".heat").evaluate_all("maps => maps.map(m => m.style.opacity)")
    assert set(shown) == {"1"}


def test_nothing_is_fetched_and_no_other_script_runs(browser, address):
    page = opened(browser, address)
    assert [url for url in page.requests if not url.startswith("data:")] == [address]
    assert page.faults == []
    page.evaluate(
        "() => { const s = document.createElement('script');"
        "s.textContent = 'window.stranger = 1'; document.body.append(s); }"
    )
    assert page.evaluate("() => window.stranger") is None
    assert any("Content Security Policy" in fault for fault in page.faults)


def test_without_scripts_the_map_is_there_and_no_dead_slider(browser, address):
    page = opened(browser, address, java_script_enabled=False)
    assert not page.locator(".slider").first.is_visible()
    assert page.locator(".heat").first.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_as_wide_as_the_screen(browser, address, width):
    page = opened(browser, address, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # The whole plot: of a part that is scrolled away nobody knows.
    assert page.evaluate(
        "[...document.querySelectorAll('svg')].every(svg =>"
        " svg.clientWidth <= svg.parentElement.clientWidth)"
    )
    assert page.locator("svg").count() > 0


def test_print_shows_all_files_and_crop_and_map_without_slider(browser, address):
    page = opened(browser, address, viewport={"width": 700, "height": 1000})
    last = page.locator(".all-hashes td.path").last
    assert not last.is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert last.is_visible()
    assert not page.locator(".slider").first.is_visible()
    crop, laid = (
        page.locator(f".pictures figure:nth-child({n}) img").first.bounding_box()
        for n in (1, 2)
    )
    assert crop["y"] == laid["y"] and crop["x"] + crop["width"] <= laid["x"]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("details").first.evaluate("d => d.open")
    assert page.pdf().startswith(b"%PDF")
