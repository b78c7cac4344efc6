"""The server: who may reach it, how much it takes, and what it leaves behind."""

import importlib.util
import socket

import httpx
import pytest

from fakeloc_tf import ui
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.web.limits import MB, Limits

pytest.importorskip("gradio", reason="the extra `ui` is not installed")

from fakeloc_tf.web import guard  # noqa: E402
from fakeloc_tf.web.ui.page import discard  # noqa: E402
from fakeloc_tf.web.ui.server import (  # noqa: E402
    Address,
    parse_auth,
    serving,
)

LIMITS = Limits(max_mb=1, max_seconds=2, time_limit=100)


def files_in(folder):
    return [path.name for path in folder.rglob("*") if path.is_file()]


def send(page_url, path, session="s"):
    """Asks for the examination of `path` as a script may; returns the events."""
    config = httpx.get(f"{page_url}config").json()
    (upload,) = [d for d in config["dependencies"] if d["targets"][0][1] == "upload"]
    file = {"path": path, "orig_name": "a.jpg", "meta": {"_type": "gradio.FileData"}}
    call = {"data": [file], "fn_index": upload["id"], "session_hash": session}
    httpx.post(f"{page_url}gradio_api/queue/join", json=call).raise_for_status()
    events = f"{page_url}gradio_api/queue/data?session_hash={session}"
    with httpx.stream("GET", events, timeout=60) as stream:
        return "".join(stream.iter_lines())


def test_the_page_may_load_from_itself_only(page_url):
    answer = httpx.get(page_url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy and "*" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "googleapis" not in answer.text


def test_a_name_of_strangers_that_points_here_is_not_answered(page_url):
    assert httpx.get(page_url, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_upload_is_refused_and_not_kept(page_url, served_folder, chunked):
    head = b'--X\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"'
    body = head + b"\r\n\r\n" + bytes(3 * MB) + b"\r\n--X--\r\n"
    answer = httpx.post(
        f"{page_url}gradio_api/upload",
        content=iter([body]) if chunked else body,
        headers={"content-type": "multipart/form-data; boundary=X"},
    )
    assert answer.status_code == 413
    assert files_in(served_folder / "uploads") == []


def test_an_upload_is_deleted_with_the_answer(page_url, served_folder):
    (path,) = httpx.post(
        f"{page_url}gradio_api/upload", files={"files": ("../../a.jpg", b"text")}
    ).json()
    assert files_in(served_folder / "uploads") == ["a.jpg"]
    assert "could not be examined" in send(page_url, path)
    assert files_in(served_folder / "uploads") == []
    assert files_in(served_folder / "work") == []


@pytest.mark.parametrize("path", ["/etc/hostname", "https://example.com/a.jpg"])
def test_neither_other_files_nor_addresses_are_read(page_url, path, monkeypatch):
    asked, inner = [], socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: asked.append(a[0]) or inner(*a, **k)
    )
    said = send(page_url, path, session="other")
    assert '"success":false' in said
    assert "example.com" not in asked


def test_what_the_page_does_not_use_is_closed(page_url):
    recording = httpx.post(f"{page_url}gradio_api/process_recording")
    assert recording.status_code == 404
    described = httpx.get(f"{page_url}gradio_api/info").json()
    assert described == {"named_endpoints": {}, "unnamed_endpoints": {}}
    assert httpx.get(f"{page_url}config").json()["analytics_enabled"] is False


def test_nothing_is_left_and_the_password_is_asked(
    toy_folder, free_port, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    address = Address("127.0.0.1", free_port, ("me", "secret"))
    with serving(toy_folder, LIMITS, address) as url:
        assert httpx.get(f"{url}config").status_code == 401
        form = {"username": "me", "password": "wrong"}
        assert httpx.post(f"{url}login", data=form).status_code == 400
        form["password"] = "secret"
        assert httpx.post(f"{url}login", data=form).status_code == 200
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_taken_port_is_told(toy_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = Address("127.0.0.1", taken.getsockname()[1])
        with pytest.raises(FakelocError, match="--port"):
            with serving(toy_folder, LIMITS, address):
                pass
    assert list(tmp_path.iterdir()) == []


def test_visitors_do_not_learn_the_folders_of_the_server(page_url, toy_folder):
    config = httpx.get(f"{page_url}config").text
    assert str(toy_folder.parent) not in config


@pytest.mark.parametrize(
    ("host", "layers"), [("127.0.0.1", 2), ("localhost", 2), ("0.0.0.0", 1)]
)
def test_names_are_checked_on_the_machines_own_address(host, layers):
    assert len(guard.middleware(host, MB)) == layers


def test_only_uploads_are_discarded(tmp_path):
    uploads = tmp_path / "uploads"
    (uploads / "sha").mkdir(parents=True)
    for path in (uploads / "sha/a.jpg", uploads / "b.jpg", tmp_path / "mine.jpg"):
        path.write_bytes(b"x")
        discard(path, uploads)
        discard(path, uploads)
    discard(uploads / "../mine.jpg", uploads)
    assert files_in(tmp_path) == ["mine.jpg"]
    assert list(uploads.iterdir()) == []


@pytest.mark.parametrize("text", ["me", "me:", ":secret", ":"])
def test_half_of_a_login_is_refused_without_repeating_it(text):
    with pytest.raises(FakelocError, match="user:password") as caught:
        parse_auth(text)
    assert "secret" not in str(caught.value)


def test_a_login():
    assert parse_auth("me:a:b") == ("me", "a:b")
    assert parse_auth(None) is None and parse_auth("") is None


def test_without_gradio_the_way_out_is_told(monkeypatch, capsys, toy_folder):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert ui.main(["--model", str(toy_folder)]) == 2
    assert "pip install 'fakeloc-tf[ui]'" in capsys.readouterr().err


def test_wrong_calls(tmp_path, capsys):
    assert ui.main(["--model", str(tmp_path / "no")]) == 2
    assert "holds no model" in capsys.readouterr().err
    assert ui.main(["--model", str(tmp_path), "--max-mb", "0"]) == 2
    assert "max_mb must be above 0" in capsys.readouterr().err
    assert ui.main(["--model", str(tmp_path), "--share"]) == 2
