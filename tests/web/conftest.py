"""A small model and a running page, made once for all tests of the page."""

import socket
from contextlib import ExitStack

import pytest
import service_double
import toy_run

from fakeloc_tf.media.images import encode_jpeg
from fakeloc_tf.web.limits import Limits


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("runs") / "toy")


@pytest.fixture
def free_port():
    return find_port()


def find_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def page_url(toy_folder, tmp_path_factory):
    """The address of the page, as `fakeloc ui` serves it, with small limits."""
    pytest.importorskip("gradio", reason="the extra `ui` is not installed")
    from fakeloc_tf.web.ui.server import Address, serving

    limits = Limits(max_mb=1, max_seconds=2, time_limit=100)
    address = Address("127.0.0.1", find_port())
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("web-page")))
            url = stack.enter_context(serving(toy_folder, limits, address))
        yield url


@pytest.fixture(scope="session")
def served_folder(page_url, tmp_path_factory):
    """Where the running page keeps uploads and work."""
    (folder,) = tmp_path_factory.getbasetemp().glob("web-page0/fakeloc-ui-*")
    return folder


@pytest.fixture(scope="session")
def api(tmp_path_factory):
    """A running service for all tests that leave it as it was."""
    pytest.importorskip("fastapi", reason="the extra `service` is not installed")
    with service_double.running(tmp_path_factory.mktemp("service-api")) as service:
        yield service


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("service-picture") / "picture.jpg"
    path.write_bytes(encode_jpeg(service_double.FACE))
    return path
