"""What the client makes of a server that fails; the server is the double."""

import socket
import subprocess
import sys
import time

import numpy as np
import pytest
from tf_serving_double import Double

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.serving import Client
from fakeloc_tf.serving.client import client as client_module
from fakeloc_tf.serving.client import retrying
from fakeloc_tf.serving.client.errors import ServerError

WAYS = ("rest", "grpc")
CROPS = np.random.default_rng(2).integers(0, 256, (3, 72, 72, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def server(served_export):
    with Double(served_export / "1") as double:
        yield double


@pytest.fixture
def double(server):
    """In its first state."""
    yield server
    server.version, server.state, server.token = 1, "AVAILABLE", None
    server.faults.clear()
    server.retry_after = None


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(retrying, "_back_off", lambda state: 0.0)


@pytest.fixture(params=WAYS)
def connect(request, double):
    """Makes a client that has asked for the model's description already."""
    made = []

    def make(**options):
        server = getattr(double, request.param)
        client = Client(server, **{"compact": False} | options)
        made.append(client)
        assert client.info.five_way
        double.asked.clear()
        return client

    yield make
    for client in made:
        client.close()


@pytest.mark.parametrize("fault", ["unavailable", "busy", "drop"])
def test_what_may_pass_is_tried_again(connect, double, fault):
    client = connect(retries=3)
    double.faults += [fault, fault]
    assert client.score(CROPS)["probability"].shape == (3, 1)
    assert len(double.asked) == 3


@pytest.mark.parametrize("fault", ["unavailable", "busy", "drop"])
def test_it_gives_up_after_the_retries(connect, double, fault):
    client = connect(retries=2)
    double.faults += 5 * [fault]
    with pytest.raises(ServerError, match=r"\(after 3 attempts\)"):
        client.score(CROPS)
    assert len(double.asked) == 3


def test_the_time_out_is_that_of_one_attempt(connect, double):
    client = connect(retries=1, timeout_seconds=2.0)
    client.score(CROPS)  # the first call of a signature is slower
    double.faults += ["hang"]
    assert client.score(CROPS)["probability"].shape == (3, 1)
    client = connect(retries=0, timeout_seconds=1.0)
    double.faults += ["hang"]
    with pytest.raises(ServerError, match=r"did not answer within 1 s; give it more"):
        client.score(CROPS)
    assert len(double.asked) == 1


def test_retry_after_comes_before_the_own_pause(double, monkeypatch):
    monkeypatch.setattr(retrying, "_back_off", lambda state: 60.0)
    double.faults += ["unavailable"]
    double.retry_after = 0
    with Client(double.rest) as client:
        before = time.monotonic()
        assert client.info.five_way
    assert time.monotonic() - before < 30


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("garbage", "gives an answer that cannot be read"),
        ("missing", r"there is no .*localization"),
    ],
)
def test_a_malformed_answer_is_not_asked_for_again(connect, double, fault, words):
    client = connect(retries=3)
    double.faults += [fault]
    with pytest.raises(ServerError, match=words):
        client.score(CROPS)
    assert len(double.asked) == 1


def test_a_crop_that_the_server_cannot_read_is_named(connect, monkeypatch):
    client = connect(batch_size=2)
    encode = client_module.encode_png

    def spoil_the_last(crop):
        return b"spoilt" if np.array_equal(crop, CROPS[2]) else encode(crop)

    monkeypatch.setattr(client_module, "encode_png", spoil_the_last)
    with pytest.raises(ServerError, match="could not read crop 2 "):
        client.score(CROPS)


def test_crops_go_in_batches_and_only_what_is_needed_comes_back(connect, double):
    client = connect(batch_size=2, parallel=3)
    assert client.detector().batch_size == 6
    client.score(CROPS)
    assert sorted(rows for _, rows, _ in double.asked) == [1, 2]
    for signature, _, outputs in double.asked:
        assert signature == "serving_default"
        # REST cannot choose.
        assert not outputs or "localization_png_bytes" not in outputs


def test_maps_are_small_over_rest_and_exact_over_grpc_unless_told(double):
    for way, maps in (("rest", "8 bits"), ("grpc", "float32")):
        with Client(getattr(double, way)) as client:
            assert client.served.maps == maps
        with Client(getattr(double, way), compact=maps == "float32") as client:
            assert client.served.maps != maps


def test_a_model_without_description_says_what_to_do(connect, monkeypatch):
    client = connect(retries=3)
    monkeypatch.setattr(client_module, "DESCRIBE", "tell")
    del client.info
    with pytest.raises(ServerError, match="tell.*export the run again"):
        client.detector()


def test_a_version_that_is_replaced_is_not_mixed_with_the_next(connect, double):
    client = connect()
    client.score(CROPS)
    double.version = 2
    with pytest.raises(ServerError, match="version 1 of 'fakeloc' is not served any"):
        client.score(CROPS)


def test_it_waits_until_the_model_is_loaded(connect, double, monkeypatch):
    monkeypatch.setattr(retrying, "LOOK_SECONDS", 0.01)
    client = connect()
    double.state = "LOADING"
    assert not client.ready()
    with pytest.raises(ServerError, match=r"not ready .*1 \(LOADING\); wait until"):
        client.wait_until_ready(0.05)
    double.state = "AVAILABLE"
    client.wait_until_ready(0)


def test_an_answer_that_is_too_large_is_not_taken(double, monkeypatch):
    from fakeloc_tf.serving.client import grpc_calls, rest

    with Client(double.rest, retries=3, compact=False) as client:
        assert client.info
        monkeypatch.setattr(rest, "MAX_MESSAGE_BYTES", 5000)
        with pytest.raises(ServerError, match="message is too large .*--batch-size"):
            client.score(CROPS)
    small = ("grpc.max_receive_message_length", 5000)
    monkeypatch.setattr(grpc_calls, "_OPTIONS", (small,))
    with Client(double.grpc, retries=3) as client:
        with pytest.raises(ServerError, match="message is too large .*--batch-size"):
            client.score(CROPS)


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_is_not_there(way):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheme = {"rest": "http", "grpc": "grpc"}[way]
    with Client(f"{scheme}://localhost:{port}", retries=1) as client:
        assert not client.ready()
        with pytest.raises(ServerError, match=r"cannot be reached .*after 2 attempts"):
            client.score(CROPS)


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_wants_a_token(way, double):
    double.token = "sesame"
    with Client(getattr(double, way), token="sesame") as client:
        assert client.score(CROPS)["probability"].shape == (3, 1)
    for token in ("other", None):
        with Client(getattr(double, way), token=token, retries=3) as client:
            with pytest.raises(ServerError, match="FAKELOC_SERVER_TOKEN") as caught:
                client.ready()
        assert "other" not in str(caught.value)


def test_the_package_imports_nothing_heavy_and_rest_no_tensorflow():
    code = (
        "import sys, fakeloc_tf.serving as s\n"
        "say = lambda: print({'requests', 'grpc', 'tensorflow'} & set(sys.modules))\n"
        "say(); s.Client('http://x:1'); say()"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "{'requests'}"]


def test_another_name_is_an_attribute_error():
    import fakeloc_tf.serving

    with pytest.raises(AttributeError, match="no attribute 'Clients'"):
        _ = fakeloc_tf.serving.Clients


@pytest.mark.parametrize("name", ["batch_size", "parallel"])
def test_numbers_that_make_no_sense(name):
    with pytest.raises(FakelocError, match=f"{name} must be >= 1. Received: 0"):
        Client("http://x:1", **{name: 0})
