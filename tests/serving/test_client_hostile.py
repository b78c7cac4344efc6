"""A server that means harm: what it tells is refused in a sentence."""

import json
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tensorflow as tf

from fakeloc_tf import cli
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.serving import Client
from fakeloc_tf.serving.client.address import Address, Connection
from fakeloc_tf.serving.client.answers import PNG, read_scores
from fakeloc_tf.serving.client.errors import ServerError
from fakeloc_tf.serving.client.grpc_calls import _array

SIDE = 32
FACTS = {
    "name": "toy",
    "preset": "paper",
    "image_size": SIDE,
    "crop_size": SIDE,
    "margin": 1.3,
    "sigma": 5.0,
    "classes": ["pristine", "swap"],
    "five_way": False,
    "gamma": [0.1, 0.2, 0.7],
    "threshold": 0.5,
    "threshold_source": "given",
    "trained_on": "nothing",
    "config_sha256": "0" * 64,
}
GREY = encode_png(np.zeros((SIDE, SIDE), np.uint8))
BOMB = GREY[:16] + struct.pack(">II", 30000, 30000) + GREY[24:]
INFO = ModelInfo.from_text(json.dumps(FACTS), "test")
FINE = {"probability": [[0.5]], "status": [b"ok"], PNG: [GREY]}


class Teller(BaseHTTPRequestHandler):
    """Answers everything with `body`, `pause` seconds before each of its bytes."""

    body, pause, status = b"", 0.0, 200
    asked, shown = False, None

    def parse_request(self):
        type(self).asked = True
        return super().parse_request()

    def do_GET(self):
        type(self).shown = self.headers.get("Authorization")
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        try:
            if not self.pause:
                self.wfile.write(self.body)
            for byte in self.body if self.pause else b"":
                time.sleep(self.pause)
                self.wfile.write(bytes([byte]))
        except OSError:
            pass  # the client has gone

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def teller():
    """The class of the answers, with the address at `url`."""
    handler = type("Handler", (Teller,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handler.url = f"http://127.0.0.1:{server.server_port}"
        yield handler
        server.shutdown()


def test_the_answer_that_others_spoil_is_fine():
    scores = read_scores(FINE, INFO, 1, 0, "http://a")
    assert scores["localization"].shape == (1, SIDE, SIDE, 1)


@pytest.mark.parametrize(
    "spoilt",
    [
        {PNG: [BOMB]},
        {PNG: [10**12]},
        {PNG: 5},
        {PNG: [b"II*\0"]},
        {"status": np.array(b"ok", object)},
        {"status": np.array([[b"ok", b"ok"]], object)},
        {"status": 7},
        {"probability": [[10**400]]},
        {"probability": [[float("nan")]]},
        {"probability": [["<b>"]]},
        {"probability": 0.5},
    ],
    ids=lambda spoilt: f"{next(iter(spoilt))}-{next(iter(spoilt.values()))}"[:40],
)
def test_an_output_that_is_none(spoilt):
    with pytest.raises(ServerError):
        read_scores(FINE | spoilt, INFO, 1, 0, "http://a")


@pytest.mark.parametrize(
    "change",
    [
        {"crop_size": "72"},
        {"crop_size": 10**9},
        {"image_size": True},
        {"image_size": 0},
        {"margin": float("nan")},
        {"margin": 1e9},
        {"threshold": 2.0},
        {"threshold": "0.5"},
        {"threshold": None},
        {"real_threshold": -1},
        {"video_threshold": float("inf")},
        {"classes": ["pristine"], "five_way": True},
        {"classes": ["pristine", {"a": 1}]},
        {"classes": ["swap", "swap"]},
        {"five_way": "no"},
        {"name": ["a"]},
        {"trained_on": "x" * 10**6},
        {"rates": {"face_real": dict.fromkeys(("wanted", "reached"), 7)}},
        {"rates": [1]},
    ],
    ids=str,
)
def test_a_description_that_cannot_be_true(change):
    with pytest.raises(FakelocError, match="does not describe a model"):
        ModelInfo.from_text(json.dumps(FACTS | change), "http://a")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"model_version_status": [{"version": Infinity, "state": "AVAILABLE"}]}',
        b'{"model_version_status": 7}',
    ],
    ids=["lists", "objects", "infinity", "number"],
)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_json_that_breaks_readers(teller, body, status):
    teller.body, teller.status = body, status
    with Client(teller.url, retries=0) as client, pytest.raises(ServerError):
        _ = client.version


def test_a_number_as_description_is_not_that_many_bytes(teller):
    status = [{"version": "1", "state": "AVAILABLE"}]
    teller.body = json.dumps(
        {"model_version_status": status, "predictions": [{"info": 10**12}]}
    ).encode()
    with Client(teller.url, retries=0) as client:
        with pytest.raises(ServerError, match="no description"):
            _ = client.info


def test_an_answer_that_drips_is_given_up(teller):
    teller.body, teller.pause = b" " * 1000, 0.1
    start = time.monotonic()
    with Client(teller.url, retries=0, timeout_seconds=0.5) as client:
        with pytest.raises(ServerError, match=r"did not answer within 0\.5 s"):
            _ = client.version
    assert time.monotonic() - start < 20  # of 100


def test_one_value_does_not_stand_for_a_terabyte():
    tensor = tf.make_tensor_proto([0.5], shape=[1])
    assert _array(tensor).tolist() == [0.5]
    tensor.tensor_shape.dim.add().size = 1 << 38
    with pytest.raises(ValueError, match="a tensor of 274877906944 values"):
        _array(tensor)


def test_no_proxy_hears_what_is_for_this_machine(teller, monkeypatch):
    proxy = type("Proxy", (Teller,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("http_proxy", "all_proxy", "grpc_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "")
        for scheme in ("http", "grpc"):
            url = f"{scheme}{teller.url.removeprefix('http')}"
            with Client(url, token="sesame", retries=0, timeout_seconds=5) as client:
                with pytest.raises(ServerError):
                    _ = client.version
        server.shutdown()
    assert not proxy.asked
    assert teller.shown == "Bearer sesame"


def test_a_token_that_no_header_may_have():
    for token in ("pässword", "日本"):
        with pytest.raises(FakelocError, match="no header may have") as caught:
            Connection(Address.parse("https://a"), 1.0, 1, token=token)
        assert token not in str(caught.value)


def test_an_error_moves_no_cursor(teller, capsys):
    teller.body, teller.status = b'{"error": "\\u001b]0;x\\u0007\\u202e"}', 400

    def command() -> None:
        with Client(teller.url, retries=0) as client:
            _ = client.version

    assert cli.run(command, [], prog="test") == 2
    said = capsys.readouterr().err.removesuffix("\n")
    assert said.startswith("error: ") and said.isprintable()
