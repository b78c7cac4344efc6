"""`fakeloc serve`: what `fakeloc detect` says, over HTTP, for programs."""

from __future__ import annotations

import importlib.util
import os
import sys

from fakeloc_tf import cli, options
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.settings import FACE_SIDE, FPS

# A secret does not belong on a command line, where `ps` shows it.
TOKEN_VARIABLE = "FAKELOC_SERVE_TOKEN"  # noqa: S105
PACKAGES = (
    "fastapi",
    "fastapi_offline",
    "prometheus_client",
    "python_multipart",
    "structlog",
    "uvicorn",
)


def serve(
    model: options.Model = None,
    host: options.ServeHost = "127.0.0.1",
    port: options.Port = 8000,
    max_mb: options.MaxMb = 100.0,
    max_seconds: options.MaxSeconds = 60.0,
    time_limit: options.TimeLimit = 120.0,
    queue: options.Queue = 64,
    grace: options.Grace = 30.0,
    fps: options.Fps = FPS,
    threshold: options.Threshold = None,
    face_side: options.FaceSide = FACE_SIDE,
    batch_size: options.BatchSize = 16,
    workers: options.ServeWorkers = None,
) -> int:
    """Answers pictures and videos that are sent with the JSON of `fakeloc detect`.

    /docs describes it. Nothing is sent anywhere; uploads are deleted with the answer.
    """
    _check_packages()
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.inference.settings import Settings
    from fakeloc_tf.inference.workers import default_workers
    from fakeloc_tf.web.limits import Limits
    from fakeloc_tf.web.service import engine, logs, server

    limits = Limits(max_mb, max_seconds, time_limit)
    count = workers or max(engine.MIN_WORKERS, default_workers())
    chosen = server.Options(host, port, read_token(), queue, count, grace)
    detector = Detector(model, threshold=threshold, batch_size=batch_size)
    settings = Settings.of_model(
        detector.info, fps=fps, face_side=face_side, max_seconds=max_seconds
    )
    logs.configure()
    with server.serving(detector, model, settings, limits, chosen) as ready:
        server.run(ready)
    return 0


def read_token() -> str | None:
    """The token of the environment; None = there is none.

    Raises:
        FakelocError: it is empty, which may be a secret that was not found, or no
            client could show it in a header.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if token == "":
        raise FakelocError(
            f"{TOKEN_VARIABLE} is set but empty; give a token, or unset it to serve "
            "everybody who can reach the address"
        )
    if token and not (
        token.isascii() and token.isprintable() and token.strip() == token
    ):
        raise FakelocError(
            f"{TOKEN_VARIABLE} holds what no client can send, such as a line "
            "break at its end; give one of printable ASCII"
        )
    return token


def _check_packages() -> None:
    """Raises a FakelocError where a package of the service is missing."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise FakelocError(
            f"the service needs {', '.join(missing)}; "
            "`pip install 'fakeloc-tf[service]'` brings it"
        )


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(serve, argv, prog="fakeloc serve")


if __name__ == "__main__":
    sys.exit(main())
