"""The client's contract over REST and gRPC: with the double and with a real server."""

import contextlib
import shutil
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tf_serving_double import Double

import fakeloc_tf
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.media.images import read_image
from fakeloc_tf.serving import Client
from fakeloc_tf.serving.client.errors import ServerError

PORTRAIT = Path(fakeloc_tf.__file__).parent / "data/demo/portraits/B001248.jpg"
PROGRAM = "tensorflow_model_server"


@contextlib.contextmanager
def real_server(export):
    """The addresses of a real TensorFlow Serving."""
    with socket.socket() as one, socket.socket() as two:
        ports = []
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    call = [PROGRAM, f"--rest_api_port={ports[0]}", f"--port={ports[1]}"]
    call += ["--model_name=fakeloc", f"--model_base_path={export}"]
    process = subprocess.Popen(call, stderr=subprocess.DEVNULL)
    try:
        yield {
            "rest": f"http://localhost:{ports[0]}",
            "grpc": f"grpc://localhost:{ports[1]}",
        }
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module", params=["double", "real"])
def addresses(request, served_export):
    if request.param == "real":
        if shutil.which(PROGRAM) is None:
            pytest.skip(f"there is no {PROGRAM} on the PATH")
        with real_server(served_export) as found:
            yield found
        return
    with Double(served_export / "1") as double:
        yield {"rest": double.rest, "grpc": double.grpc}


@pytest.fixture(params=["rest", "grpc"])
def client(request, addresses):
    server, options = addresses[request.param], {"batch_size": 2, "retries": 0}
    with Client(server, compact=False, **options) as made:
        made.wait_until_ready(60)
        yield made


@pytest.fixture(scope="module")
def here(served_export):
    return Detector(served_export)


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (5, 72, 72, 3), dtype=np.uint8)


def test_the_model_describes_itself(client, here):
    assert client.info == here.info
    assert client.ready()
    assert client.version == 1
    assert (client.served.name, client.served.url) == ("fakeloc", client.url)


def test_scores_are_those_of_the_export_in_the_order_of_the_crops(client, here, crops):
    scores, wanted = client.score(crops), here._score(crops)
    assert scores.keys() == wanted.keys()
    assert np.ptp(wanted["probability"]) > 0.01
    for name, values in wanted.items():
        assert scores[name].dtype == np.float32
        np.testing.assert_allclose(scores[name], values, atol=1e-5)


def test_a_compact_map_is_exact_to_half_a_grey_level(client, here, crops):
    with Client(client.url, compact=True) as compact:
        scores = compact.score(crops)
        assert compact.served.maps == "8 bits"
    wanted = here._score(crops)
    np.testing.assert_allclose(scores["probability"], wanted["probability"], atol=1e-5)
    difference = np.abs(scores["localization"] - wanted["localization"]).max()
    assert 1e-4 < difference <= 1 / 510 + 1e-5


def test_its_detector_finds_the_faces_here(client, here):
    picture = read_image(PORTRAIT)
    (wanted,) = here.detect(picture)
    (face,) = client.detector(threshold=0.0).detect(picture)
    assert face.box == wanted.box
    assert face.probability == pytest.approx(wanted.probability, abs=1e-5)
    assert face.verdict == "likely_manipulated"
    assert face.method_probabilities.keys() == wanted.method_probabilities.keys()


def test_another_name_and_version_are_told_with_what_is_there(client):
    with Client(client.url, model="goat", retries=0) as other:
        assert not other.ready()
        with pytest.raises(ServerError, match="no model 'goat'; it has fakeloc: give"):
            other.detector()
    with Client(client.url, version=7, retries=0) as other:
        with pytest.raises(ServerError, match=r"version 7 .* has 1 \(AVAILABLE\)"):
            other.score(np.zeros((1, 72, 72, 3), np.uint8))
        with pytest.raises(ServerError, match="not ready after 0.1 s: .*version 7"):
            other.wait_until_ready(0.1)
