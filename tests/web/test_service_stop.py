"""The end of the service, what a killed one leaves, and calls that are wrong."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import numpy as np
import pytest
import service_double

from fakeloc_tf import serve
from fakeloc_tf.media.images import encode_png

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from fakeloc_tf.web.service.spool import PREFIX, spool, sweep  # noqa: E402

GREY = encode_png(np.full((200, 200, 3), 128, np.uint8))
PNG = {"content-type": "image/png"}


def test_what_is_under_way_is_finished_and_new_requests_are_refused(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    answers = []
    with service_double.running(tmp_path) as own:
        engine = own.service.engine
        inner, held = engine.submit, threading.Event()
        engine.submit = lambda job: threading.Thread(
            target=lambda: (held.wait(), inner(job))
        ).start()
        first = threading.Thread(
            target=lambda: answers.append(
                httpx.post(
                    f"{own.url}/v1/detect", content=GREY, headers=PNG, timeout=60
                )
            )
        )
        first.start()
        try:
            own.wait(lambda service: service.places.taken == 1)
            own.server.handle_exit(signal.SIGTERM, None)
            late = httpx.post(f"{own.url}/v1/detect", content=GREY, headers=PNG)
            assert late.status_code == 503
            ready = httpx.get(f"{own.url}/readyz")
            assert ready.status_code == 503
            assert ready.json()["reasons"] == ["the service is stopping"]
            assert httpx.get(f"{own.url}/healthz").status_code == 200
        finally:
            held.set()
        first.join()
    assert answers[0].status_code == 200
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def test_what_is_too_slow_for_the_grace_is_told(tmp_path):
    with service_double.running(tmp_path) as own:
        own.server._grace = 0.2
        own.service.engine.submit = lambda job: jobs.append(job)
        jobs, answers = [], []
        first = threading.Thread(
            target=lambda: answers.append(
                httpx.post(
                    f"{own.url}/v1/detect", content=GREY, headers=PNG, timeout=60
                )
            )
        )
        first.start()
        own.wait(lambda service: jobs)
        own.service.engine._waiting.extend(jobs)
        own.service.engine._next = lambda: None
        own.server.stop()
        first.join()
    assert answers[0].status_code == 503


@pytest.mark.slow
def test_a_signal_ends_the_process_with_status_0(toy_folder, tmp_path, free_port):
    command = [sys.executable, "-m", "fakeloc_tf.serve", "--model", str(toy_folder)]
    process = subprocess.Popen(
        [*command, "--port", str(free_port)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert str(free_port) in process.stdout.readline()
        url = f"http://127.0.0.1:{free_port}"
        for _ in range(100):
            try:
                assert httpx.get(f"{url}/readyz").status_code == 200
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 1
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in said
    assert list(tmp_path.glob(f"{PREFIX}*")) == []


def test_a_killed_servers_folder_is_removed_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / "upload.jpg").write_bytes(b"x")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    with spool() as first:
        assert not left.exists()
        assert sweep(tmp_path) == []  # a server that lives keeps its own
        with spool() as second:
            assert first.exists() and second.exists() and first != second
    assert not first.exists() and elsewhere.exists()


def test_without_the_extra_the_way_out_is_told(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert serve.main(["--model", str(tmp_path)]) == 2
    assert "pip install 'fakeloc-tf[service]'" in capsys.readouterr().err


def test_wrong_calls_of_serve(tmp_path, capsys):
    assert serve.main(["--model", str(tmp_path / "no")]) == 2
    assert "holds no model" in capsys.readouterr().err
    assert serve.main(["--model", str(tmp_path), "--time-limit", "0"]) == 2
    assert "time_limit must be above 0" in capsys.readouterr().err
    assert serve.main(["--model", str(tmp_path), "--workers", "1"]) == 2


def test_a_taken_port_is_told_by_serve(tmp_path):
    from fakeloc_tf.errors import FakelocError
    from fakeloc_tf.web.service import server

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with service_double.running(tmp_path) as own:
            own.server.config.port = taken.getsockname()[1]
            with pytest.raises(FakelocError, match="--port"):
                server.run(own.server)
