"""What the service tells of itself: model, health, page, metrics, logs."""

import io
import json
import logging

import httpx
import pytest
from service_double import ask

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from fakeloc_tf.web.service import logs  # noqa: E402


def test_the_model_is_described_without_its_folder(api):
    answer = httpx.get(f"{api.url}/v1/model")
    assert answer.json()["info"]["crop_size"] == 72
    assert set(answer.json()["meanings"]) == {"face", "video"}
    assert "/" not in answer.json()["engine"] and "service-api" not in answer.text


def test_health(api):
    for path in ("healthz", "readyz"):
        answer = httpx.get(f"{api.url}/{path}")
        assert answer.status_code == 200 and answer.json()["ok"] is True


def test_the_page_loads_nothing_from_elsewhere(api):
    page = httpx.get(f"{api.url}/docs")
    assert page.status_code == 200 and "://" not in page.text
    script = httpx.get(f"{api.url}/static-offline-docs/swagger-ui-bundle.js")
    assert script.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_headers_of_an_answer(api):
    first, second = (httpx.get(f"{api.url}/healthz").headers for _ in range(2))
    assert first["content-security-policy"].startswith("default-src 'none'")
    assert first["x-content-type-options"] == "nosniff"
    assert first["cache-control"] == "no-store" and "server" not in first
    assert first["x-request-id"] != second["x-request-id"]


def test_a_strange_name_that_points_here_is_not_answered(api):
    answer = httpx.get(f"{api.url}/healthz", headers={"host": "evil.example"})
    assert answer.status_code == 400


def metric(api, line):
    text = httpx.get(f"{api.url}/metrics").text
    rows = [row for row in text.splitlines() if row.startswith(f"{line} ")]
    return float(rows[0].rpartition(" ")[2]) if rows else 0.0


def test_metrics_count(api, picture):
    lines = (
        'fakeloc_requests_total{method="POST",route="/v1/detect",status="200"}',
        'fakeloc_files_total{status="ok"}',
        "fakeloc_faces_scored_total",
        'fakeloc_request_seconds_count{route="/v1/detect"}',
    )
    before = [metric(api, line) for line in lines]
    ask(api, picture.read_bytes())
    # A request is counted once its answer is sent, to the last byte.
    wanted = [n + 1 for n in before]
    api.wait(lambda _: [metric(api, line) for line in lines] == wanted)
    assert metric(api, "fakeloc_engine_up") == 1


@pytest.fixture
def logged(api, monkeypatch):
    """Reads the lines of the log until that of a request is among them."""
    said = io.StringIO()
    monkeypatch.setattr("sys.stderr", said)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logs.configure()

    def read(request_id):
        api.wait(lambda _: request_id in said.getvalue())
        return [json.loads(line) for line in said.getvalue().splitlines()]

    return read


def test_logs_have_facts_and_nothing_of_the_file(api, picture, logged):
    answer = ask(api, picture.read_bytes(), "grandmother.jpg")
    ask(api, b"secret words", "grandfather.jpg")
    last = httpx.get(f"{api.url}/aunt?name=uncle")
    lines = logged(last.headers["x-request-id"])
    (line,) = (
        line
        for line in lines
        if line.get("request_id") == answer.headers["x-request-id"]
    )
    assert line["status"] == 200 and line["faces"] == 1 and line["seconds"] > 0
    assert line["bytes"] == picture.stat().st_size
    assert line["file_status"] == "ok" and line["path"] == "/v1/detect"
    own = [line for line in lines if line["logger"].startswith("fakeloc_tf")]
    assert len(own) >= 3
    for word in ("grandmother", "grandfather", "secret", "aunt", "uncle"):
        assert word not in json.dumps(own)


def test_a_fault_is_logged_with_its_traceback(api, picture, logged, monkeypatch):
    def fail(job):
        raise RuntimeError("out of order")

    monkeypatch.setattr(api.service.engine, "submit", fail)
    answer = ask(api, picture.read_bytes(), "grandmother.jpg")
    assert answer.status_code == 500 and "out of order" not in answer.text
    lines = logged(answer.headers["x-request-id"])
    (line,) = (line for line in lines if line["level"] == "error")
    assert "RuntimeError: out of order" in line["exception"]
    assert "grandmother" not in json.dumps(lines)
    assert api.service.places.taken == 0 and api.files() == []


def test_a_wrong_answer_is_not_logged_with_the_name(api, picture, logged, monkeypatch):
    from fakeloc_tf.web.service import detection

    made = detection.of_row

    def without_kind(row, upload):
        return {k: v for k, v in made(row, upload).items() if k != "kind"}

    monkeypatch.setattr(detection, "of_row", without_kind)
    answer = ask(api, picture.read_bytes(), "grandmother.jpg")
    assert answer.status_code == 500
    lines = logged(answer.headers["x-request-id"])
    (line,) = (line for line in lines if line["level"] == "error")
    assert "('response', 'kind'), 'missing'" in line["exception"]
    assert "grandmother" not in json.dumps(lines)
