"""Serves the app until a signal; then finishes what is under way."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from types import FrameType

import uvicorn

import fakeloc_tf
from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.loading import find_model, model_sha256
from fakeloc_tf.inference.report_text import for_people
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.web import guard
from fakeloc_tf.web.limits import Limits
from fakeloc_tf.web.service.app import build
from fakeloc_tf.web.service.connections import SPARE, BoundedProtocol
from fakeloc_tf.web.service.detection import Service
from fakeloc_tf.web.service.engine import Engine
from fakeloc_tf.web.service.metrics import Metrics
from fakeloc_tf.web.service.places import Places
from fakeloc_tf.web.service.schema import Model
from fakeloc_tf.web.service.spool import spool

log = logging.getLogger(__name__)

# For sending the last answers once nothing is worked on any more.
_SEND_SECONDS = 5


@dataclass(frozen=True)
class Options:
    """How the service is run.

    Attributes:
        host: address to bind to.
        port: of the server.
        token: that clients must show; None = none.
        queue: requests that may wait beside those that are worked on.
        workers: processes that read files.
        grace: seconds for what is under way when the service is stopped.
    """

    host: str
    port: int
    token: str | None
    queue: int
    workers: int
    grace: float


class Server(uvicorn.Server):
    """uvicorn, which after a signal goes on until the last request is answered."""

    def __init__(self, config: uvicorn.Config, service: Service, grace: float) -> None:
        """Serves `config`, and waits `grace` seconds for `service` at the end."""
        super().__init__(config)
        self._service = service
        self._grace = grace
        self._end: float | None = None

    def stop(self) -> None:
        """Refuses new requests, and ends with the last that is under way."""
        self._service.stopping = True
        self._end = time.monotonic() + self._grace

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A first signal stops the service, a second one at once."""
        if self._end is None:
            self.stop()
        else:
            self.should_exit = self.force_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Asked ten times a second: whether it is the end."""
        if self._end is not None:
            late = time.monotonic() > self._end
            if late:
                self._service.engine.stop()
            self.should_exit |= late or not self._service.places.taken
        return await super().on_tick(counter)


@contextmanager
def serving(
    detector: Detector,
    model: shipped.Given,
    settings: Settings,
    limits: Limits,
    options: Options,
) -> Iterator[Server]:
    """A server that is ready to `run`.

    Args:
        detector: scores the faces.
        model: where it is from.
        settings: for looking at files.
        limits: of one upload.
        options: of the service.
    """
    about = describe_model(model, detector)
    engine = Engine(detector, settings, options.workers, limits.time_limit)
    with closing(engine), spool() as folder:
        places = Places(options.queue + options.workers)
        service = Service(engine, limits, folder, places, Metrics(engine))
        config = uvicorn.Config(
            build(service, about, options.host, options.token),
            host=options.host,
            port=options.port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            http=BoundedProtocol,
            ws="none",
            limit_concurrency=places.total + SPARE,
            timeout_graceful_shutdown=_SEND_SECONDS,
        )
        if options.host not in guard.LOOPBACK and not options.token:
            log.warning(
                "the service is open to everybody who can reach %s, without a token "
                "(FAKELOC_SERVE_TOKEN)",
                options.host,
            )
        yield Server(config, service, options.grace)


def describe_model(model: shipped.Given, detector: Detector) -> Model:
    """What clients may know of the model; not where it lies."""
    texts = for_people(detector.info)
    return Model(
        version=fakeloc_tf.__version__,
        engine=find_model(model).engine,
        sha256=model_sha256(model),
        card=shipped.card_of(model),
        info=asdict(detector.info),  # type: ignore[arg-type]
        meanings=texts["meanings"],
        rates_hold_for=texts["rates_hold_for"],
    )


def run(server: Server) -> None:
    """Serves until a signal.

    Raises:
        FakelocError: the port is taken, or the host is none of this machine.
    """
    host, port = server.config.host, server.config.port
    try:
        socket = server.config.bind_socket()
    except SystemExit as stop:  # uvicorn's way to say it
        raise FakelocError(
            f"nothing can be served on {host}, port {port}; choose another --port or "
            "--host"
        ) from stop
    with closing(socket):
        print(f"http://{host}:{port} (stop with Ctrl-C)", flush=True)
        server.run([socket])
