"""`Client`: faces are found here, a TensorFlow Serving scores them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from fakeloc_tf.inference.call import ServedModel
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media.faces import FaceDetector
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.serving.client import sending
from fakeloc_tf.serving.client.address import Address, Connection
from fakeloc_tf.serving.client.answers import output_names, read_scores
from fakeloc_tf.serving.client.errors import NotServedError, ServerError, malformed
from fakeloc_tf.serving.client.models import choose_version, with_names_found
from fakeloc_tf.serving.client.retrying import attempts, until_ready
from fakeloc_tf.serving.client.sending import Sending
from fakeloc_tf.serving.client.transport import Transport, Wanted
from fakeloc_tf.serving.signatures import BYTES, COMPACT, DESCRIBE

T = TypeVar("T")


class Client:
    """Asks a TensorFlow Serving that serves an export; use it as a context manager.

    Nothing is asked before it is needed. The version that answers first is asked to
    the end: its thresholds belong to its scores. For a newer one make a new client.

    Args:
        server: `http(s)://host:8501` for REST, `grpc(s)://host:8500` for gRPC.
        model: name on the server.
        version: of the model; None = the highest that is available.
        timeout_seconds: of one attempt at a request.
        retries: further attempts after one that failed for a reason that may pass.
        batch_size: crops in a request.
        parallel: requests at the same time.
        token: sent as `Authorization: Bearer`; over TLS or to this machine only.
        ca_file: PEM of the authority that signed the server's certificate; None =
            those of the system.
        compact: maps as PNG of 8 bits, exact to 1/510, instead of float32; None = over
            REST only, where a map of 299 pixels is 1.2 MB of JSON.

    Attributes:
        model: name on the server.
        url: of the server.

    Raises:
        FakelocError: an argument cannot be used, or the extra `serving` is missing.
    """

    def __init__(
        self,
        server: str,
        *,
        model: str = sending.MODEL,
        version: int | None = None,
        timeout_seconds: float = sending.TIMEOUT_SECONDS,
        retries: int = sending.RETRIES,
        batch_size: int = sending.BATCH_SIZE,
        parallel: int = sending.PARALLEL,
        token: str | None = None,
        ca_file: str | Path | None = None,
        compact: bool | None = None,
    ) -> None:
        """Notes where the server is."""
        address = Address.parse(server)
        small = address.is_rest if compact is None else compact
        self._sending = Sending(batch_size, parallel, retries, small)
        ca_path = None if ca_file is None else Path(ca_file)
        connection = Connection(address, timeout_seconds, parallel, token, ca_path)
        self.model = model
        self.url = address.url
        self._version = version
        self._transport = _connect(connection)
        self._closed = threading.Event()
        self._lock = threading.RLock()
        self._threads = ThreadPoolExecutor(
            parallel, thread_name_prefix="fakeloc-client"
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what is under way and gives the connections back."""
        self._closed.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._transport.close()

    @cached_property
    def version(self) -> int:
        """Of the model that answers.

        Raises:
            ServerError: the server cannot be asked, or has no such model or version.
        """
        try:
            states = self._again(lambda: self._transport.versions(self.model))
        except NotServedError as error:
            raise with_names_found(self._transport, self.url, self.model) from error
        return choose_version(states, self._version, f"{self.url}: {self.model!r}")

    @cached_property
    def info(self) -> ModelInfo:
        """Sizes, margin, thresholds and classes of the model, as it tells them.

        Raises:
            ServerError: the server cannot be asked, or the model tells nothing.
        """
        try:
            answer = self._predict(DESCRIBE, {"query": [b"info"]}, ["info"])
            # Not `bytes(…)`, which makes as many of a number.
            text = answer["info"][0].decode()
        except (LookupError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise malformed(self.url, f"no description: {error}") from error
        return ModelInfo.from_text(text, f"{self.url}: the model {self.model!r}")

    @property
    def served(self) -> ServedModel:
        """For `describe_call`: which model it is."""
        maps = "8 bits" if self._sending.compact else "float32"
        return ServedModel(self.url, self.model, self.version, maps)

    def ready(self) -> bool:
        """Whether the model can be asked now; of an unreachable server it cannot.

        Raises:
            ServerError: waiting will not help: TLS fails, or access is refused.
        """
        return until_ready(self._look, 0.0, self._closed) is None

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Returns once the model can be asked.

        Args:
            seconds: to wait at most.

        Raises:
            ServerError: it was not ready in time, or waiting will not help.
        """
        error = until_ready(self._look, seconds, self._closed)
        if error is not None:
            raise ServerError(f"not ready after {seconds:g} s: {error}") from error

    def score(self, crops_uint8: np.ndarray) -> dict[str, np.ndarray]:
        """Scores face crops; a `CropScorer` of `engines.contract`.

        Args:
            crops_uint8: uint8 [N, C, C, 3] RGB, N >= 1; C = `info.crop_size`.

        Returns:
            float32 arrays: `probability` [N, 1], `localization` [N, S, S, 1] and, of a
            five-way model, `method_probabilities` [N, classes].

        Raises:
            ServerError: the server cannot be asked, or its answer cannot be used.
        """
        with self._lock:  # both are asked for once, here and not in the threads
            version, info = self.version, self.info
        size = self._sending.batch_size
        jobs = [
            self._threads.submit(
                self._score_part, crops_uint8[at : at + size], at, info
            )
            for at in range(0, len(crops_uint8), size)
        ]
        try:
            parts = [job.result() for job in jobs]
        except NotServedError as error:
            raise ServerError(
                f"version {version} of {self.model!r} is not served any more "
                f"({error}); start again to ask the version that is"
            ) from error
        finally:
            for job in jobs:
                job.cancel()
        return {n: np.concatenate([part[n] for part in parts]) for n in parts[0]}

    def detector(
        self,
        *,
        threshold: float | None = None,
        face_detector: FaceDetector | None = None,
    ) -> Detector:
        """A detector that finds faces here and has them scored by the server.

        Args:
            threshold: from here on a face is likely manipulated; None = the model's.
            face_detector: None = dlib's.
        """
        return Detector.of_scorer(
            self.score,
            self.info.with_threshold(threshold),
            face_detector=face_detector,
            batch_size=self._sending.batch_size * self._sending.parallel,
        )

    def _score_part(
        self, crops_uint8: np.ndarray, first: int, info: ModelInfo
    ) -> dict[str, np.ndarray]:
        """One request."""
        encoded = [encode_png(crop) for crop in crops_uint8]
        signature = COMPACT if self._sending.compact else BYTES
        names = output_names(info, self._sending.compact)
        answer = self._predict(signature, {"image_bytes": encoded}, names)
        return read_scores(answer, info, len(encoded), first, self.url)

    def _predict(
        self, signature: str, inputs: dict[str, list[bytes]], outputs: list[str]
    ) -> dict[str, np.ndarray]:
        wanted = Wanted(self.model, self.version, signature, inputs, outputs)
        return self._again(lambda: self._transport.predict(wanted))

    def _again(self, ask: Callable[[], T]) -> T:
        return attempts(ask, self._sending.retries, self._closed)

    def _look(self) -> None:
        """Raises unless the model can be asked."""
        states = self._transport.versions(self.model)
        choose_version(states, self._version, f"{self.url}: {self.model!r}")


def _connect(connection: Connection) -> Transport:
    """The way to the server; a missing library is said here."""
    if connection.address.is_rest:
        from fakeloc_tf.serving.client.rest import RestTransport

        return RestTransport(connection)
    from fakeloc_tf.serving.client.grpc_calls import GrpcTransport

    return GrpcTransport(connection)
