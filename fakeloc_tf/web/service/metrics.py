"""What Prometheus may ask; no name and no content of a file is among it."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from fakeloc_tf.web.service.engine import Engine

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters of one service."""

    def __init__(self, engine: Engine) -> None:
        """Starts at 0; how long the queue is, `engine` is asked."""
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "fakeloc_requests",
            "Requests.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "fakeloc_request_seconds",
            "Of a request.",
            ("route",),
            buckets=SECONDS,
            registry=registry,
        )
        self.files = Counter(
            "fakeloc_files", "Files by what was found.", ("status",), registry=registry
        )
        self.faces = Counter(
            "fakeloc_faces_scored", "Faces that the model scored.", registry=registry
        )
        gauges: tuple[tuple[str, str, Callable[[], float]], ...] = (
            ("queue_length", "Files that wait.", lambda: engine.waiting),
            ("files_running", "Files that are looked at.", lambda: engine.running),
            ("engine_up", "1 = files are looked at.", lambda: engine.alive),
        )
        for name, text, value in gauges:
            Gauge(f"fakeloc_{name}", text, registry=registry).set_function(value)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request that ended."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of it, in Prometheus's format."""
        return generate_latest(self._registry)
