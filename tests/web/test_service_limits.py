"""The bounds of the service: queue, time, processes, clients that hang up, tokens."""

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import service_double

from fakeloc_tf.inference import under_way
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.web.limits import Limits

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

GREY = encode_png(np.full((200, 200, 3), 128, np.uint8))
PNG = {"content-type": "image/png"}
MP4 = {"content-type": "video/mp4"}
TOKEN = "correct horse"  # noqa: S105


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A service with three places: two processes, and one that waits."""
    folder = tmp_path_factory.mktemp("service-limits")
    with service_double.running(folder, token=TOKEN, queue=1) as service:
        yield service


def post(own, data=GREY, token=TOKEN, **headers):
    return httpx.post(
        f"{own.url}/v1/detect",
        content=data,
        headers=PNG | {"authorization": f"Bearer {token}"} | headers,
        timeout=60,
    )


def limit(own, monkeypatch, seconds):
    monkeypatch.setattr(own.service, "limits", Limits(1, 2, seconds))


def give_all_up(own):
    """Ends all that waits and runs."""
    engine = own.service.engine
    for job in [*engine._running.values(), *engine._waiting]:
        engine.give_up(job)


@pytest.fixture
def slow_videos(monkeypatch):
    monkeypatch.setattr(under_way, "find_job", service_double.find_slow_videos)


def test_the_token_is_asked(own):
    for token in ("-", "wrong", TOKEN + "x"):
        answer = post(own, token=token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN not in answer.text
    assert post(own, authorization=f"Basic {TOKEN}").status_code == 401
    for path in ("v1/model", "metrics"):
        assert httpx.get(f"{own.url}/{path}").status_code == 401
        shown = {"authorization": f"Bearer {TOKEN}"}
        assert httpx.get(f"{own.url}/{path}", headers=shown).status_code == 200
    for path in ("healthz", "readyz"):
        assert httpx.get(f"{own.url}/{path}").status_code == 200
    described = httpx.get(f"{own.url}/openapi.json").json()
    assert described["paths"]["/v1/detect"]["post"]["security"]
    assert post(own).status_code == 200


def test_a_full_queue_is_told_before_the_body_is_read(own, slow_videos):
    with ThreadPoolExecutor(3) as pool:
        posts = [pool.submit(post, own, b"x", **MP4) for _ in range(3)]
        own.wait(lambda service: service.places.taken == 3)
        ready = httpx.get(f"{own.url}/readyz")
        assert ready.status_code == 503
        assert ready.json() == {"ok": False, "reasons": ["the queue is full"]}
        host = own.url.removeprefix("http://")
        client = http.client.HTTPConnection(host, timeout=20)
        client.putrequest("POST", "/v1/detect")
        client.putheader("authorization", f"Bearer {TOKEN}")
        client.putheader("content-type", "image/png")
        client.putheader("content-length", str((1 << 20) + 1))
        client.endheaders()  # and no body
        answer = client.getresponse()
        assert answer.status == 429
        assert int(answer.headers["retry-after"]) >= 1
        client.close()
        give_all_up(own)
        assert {post.result().status_code for post in posts} == {500}
    own.wait(lambda service: service.engine.running == 0)
    assert post(own).status_code == 200
    assert own.files() == []


@pytest.mark.slow
def test_videos_do_not_block_pictures(own, slow_videos):
    with ThreadPoolExecutor(2) as pool:
        videos = [pool.submit(post, own, b"x", **MP4) for _ in range(2)]
        own.wait(lambda s: s.engine.running == 1 and s.engine.waiting == 1)
        assert post(own).json()["status"] == "no_face"
        assert not any(video.done() for video in videos)
        give_all_up(own)


def test_what_takes_too_long_ends_alone(own, slow_videos, monkeypatch):
    limit(own, monkeypatch, 1)
    start = time.monotonic()
    late = post(own, b"x", **MP4)
    assert late.status_code == 504 and time.monotonic() - start >= 1
    assert "longer than 1 s" in late.json()["detail"]
    own.wait(lambda s: s.engine.running == 0 and s.engine.waiting == 0)
    # Its process was killed, and another has taken its place.
    limit(own, monkeypatch, 60)
    assert post(own).status_code == 200
    own.wait(lambda s: s.places.taken == 0)
    assert own.files() == []


def test_a_body_that_does_not_come_is_given_up(own, monkeypatch):
    limit(own, monkeypatch, 0.5)
    client = http.client.HTTPConnection(own.url.removeprefix("http://"), timeout=20)
    client.putrequest("POST", "/v1/detect")
    client.putheader("authorization", f"Bearer {TOKEN}")
    client.putheader("content-type", "image/png")
    client.putheader("content-length", "2000000")
    client.endheaders(b"half")
    assert client.getresponse().status == 408
    client.close()
    assert own.service.places.taken == 0 and own.files() == []


@pytest.mark.slow
def test_nothing_is_worked_on_for_a_client_that_hung_up(own, slow_videos):
    client = http.client.HTTPConnection(own.url.removeprefix("http://"), timeout=20)
    shown = {"authorization": f"Bearer {TOKEN}", "content-type": "video/mp4"}
    client.request("POST", "/v1/detect", b"x", shown)
    own.wait(lambda service: service.engine.running == 1)
    (before,) = (w for w in own.service.engine._pool._workers if w.key)
    client.close()
    own.wait(lambda s: s.places.taken == 0 and s.engine.running == 0)
    own.wait(lambda s: not before.process.is_alive())
    assert own.files() == []
    assert post(own).status_code == 200


def test_a_fault_of_the_model_is_not_the_end(own, monkeypatch):
    engine = own.service.engine

    def fail(*_):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(under_way.FilesUnderWay, "start", fail)
        assert post(own).status_code == 500
    assert post(own).status_code == 200 and engine.alive
