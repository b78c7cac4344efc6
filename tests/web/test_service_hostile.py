"""Clients that mean harm to the service, and a machine that lacks room for it."""

import errno
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import service_double

from fakeloc_tf import serve
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import under_way
from fakeloc_tf.media.images import encode_png

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from fakeloc_tf.web.service import connections, detection, engine, upload  # noqa: E402

GREY = encode_png(np.full((200, 200, 3), 128, np.uint8))
PNG = {"content-type": "image/png"}


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service-hostile")
    with service_double.running(folder, queue=1) as service:
        yield service


def post(own):
    url = f"{own.url}/v1/detect"
    return httpx.post(url, content=GREY, headers=PNG, timeout=60)


def connect(own):
    host, port = own.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def test_a_client_that_says_nothing_is_let_go(own, monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    with connect(own) as silent, connect(own) as slow, connect(own) as late:
        late.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += late.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        late.sendall(b"GET /healthz HTTP/1.1\r\n")
        slow.sendall(b"GET /healthz HTTP/1.1\r\n")
        for client in (silent, slow, late):
            assert client.recv(4096) == b""
    own.wait(lambda _: not own.server.server_state.connections)


def test_a_body_after_the_answer_is_no_reason_to_stay(own, monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    with connect(own) as client:
        head = "GET /healthz HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked"
        client.sendall(f"{head}\r\n\r\n".encode())
        start = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - start < 20:
                client.sendall(b"1\r\nx\r\n")
                time.sleep(0.05)
    assert time.monotonic() - start < 20


def test_work_that_takes_longer_than_a_header_is_not_cut(own, monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    submit = own.service.engine.submit
    monkeypatch.setattr(
        own.service.engine,
        "submit",
        lambda job: threading.Timer(0.8, submit, [job]).start(),
    )
    assert post(own).status_code == 200


def test_a_header_without_end_is_refused(own):
    with connect(own) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nx: ")
        with pytest.raises(OSError):
            for _ in range(1000):
                client.sendall(b"x" * 10_000)
            raise AssertionError("10 MB were taken")


def test_there_are_only_so_many_connections(own, monkeypatch):
    config = own.server.config
    monkeypatch.setattr(config, "limit_concurrency", 3)
    clients = [connect(own) for _ in range(3)]
    own.wait(lambda _: len(own.server.server_state.connections) == 3)
    with connect(own) as further:
        assert further.recv(100) == b""
    for client in clients:
        client.close()
    own.wait(lambda _: not own.server.server_state.connections)
    assert httpx.get(f"{own.url}/healthz").status_code == 200


def test_a_full_disk_is_told_and_passes(own, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for place, name in ((upload._File, "write"), (detection.tempfile, "mkdtemp")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            answer = post(own)
        assert answer.status_code == 503 and answer.headers["retry-after"]
        assert "space" not in answer.text
    assert own.service.places.taken == 0 and own.files() == []
    assert post(own).status_code == 200


def test_a_model_that_is_gone_is_told_until_it_is_back(own, monkeypatch):
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.1)
    running = own.service.engine

    def fail(*_):
        raise RuntimeError("the GPU fell off the bus")

    with monkeypatch.context() as patch:
        patch.setattr(under_way.FilesUnderWay, "start", fail)
        patch.setattr(running.detector, "detect_faces", fail)
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: post(own), range(3)))
        assert {answer.status_code for answer in answers} <= {500, 503}
        own.wait(lambda _: not running.alive)
        ready = httpx.get(f"{own.url}/readyz")
        assert ready.json()["reasons"] == ["the engine does not run"]
        start = time.monotonic()
        assert post(own).status_code == 503
        assert time.monotonic() - start < 30  # not the time limit, which is 60
        metrics = httpx.get(f"{own.url}/metrics").text
        assert "fakeloc_engine_up 0.0" in metrics
    own.wait(lambda _: running.alive)
    assert post(own).status_code == 200


def test_processes_that_cannot_start_are_tried_again(own, monkeypatch):
    monkeypatch.setattr(engine, "_PAUSE_SECONDS", 0.1)
    running = own.service.engine

    def full(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(under_way.FilesUnderWay, "start", full)
        patch.setattr(engine, "Workers", full)
        assert post(own).status_code in (500, 503)
        own.wait(lambda _: not running.alive)
    own.wait(lambda _: running.alive)
    assert post(own).status_code == 200


def test_no_label_of_the_metrics_is_a_clients(own):
    httpx.request("BREW", f"{own.url}/coffee-{os.getpid()}")
    httpx.get(f"{own.url}/static-offline-docs/../tea-{os.getpid()}")
    httpx.get(f"{own.url}/healthz/milk")
    said = httpx.get(f"{own.url}/metrics").text
    assert 'method="other"' in said and 'route="unknown"' in said
    assert not any(word in said for word in ("coffee", "tea-", "milk", "BREW"))


@pytest.mark.parametrize("token", ["", " ", "sesame\n", "pässword", "sesame\x7f"])
def test_a_token_that_nobody_can_show_is_refused(monkeypatch, token):
    monkeypatch.setenv(serve.TOKEN_VARIABLE, token)
    with pytest.raises(FakelocError, match=serve.TOKEN_VARIABLE) as caught:
        serve.read_token()
    assert "sesame" not in str(caught.value) and "pässword" not in str(caught.value)


def test_a_token_of_the_environment(monkeypatch):
    monkeypatch.setenv(serve.TOKEN_VARIABLE, "correct horse")
    assert serve.read_token() == "correct horse"
    monkeypatch.delenv(serve.TOKEN_VARIABLE)
    assert serve.read_token() is None
