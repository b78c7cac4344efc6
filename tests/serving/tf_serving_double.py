"""A double of TensorFlow Serving: not the server, but its API in one process.

It runs an exported SavedModel and answers as `tensorflow_model_server` does: gRPC by
the real protos and stubs of `tensorflow-serving-api`, REST in the shapes of TF
Serving's `http_rest_api_handler.cc` and `json_tensor.cc`. Faults can be put in: each of
`double.faults` spoils one prediction, None none. It batches nothing.
"""

import ssl
import threading
from concurrent import futures
from http.server import ThreadingHTTPServer

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)
from tf_serving_apis import Code, Grpc, Refusal, Rest

HANG_SECONDS = 30.0


class Double:
    """Both APIs of one model; `rest` and `grpc` are their addresses."""

    def __init__(self, saved_model, *, name="fakeloc", version=1, tls=None):
        """`tls`: (PEM of the key, PEM of the certificate) as paths, or None."""
        self.name, self.version, self.state = name, version, "AVAILABLE"
        self.token = None  # a proxy's: TF Serving itself asks for none
        self.faults = []  # unavailable, busy, hang, garbage, drop, missing
        self.retry_after = None
        self.asked = []  # (signature, rows, names of the outputs) of each prediction
        self.closed = threading.Event()
        self._loaded = tf.saved_model.load(str(saved_model))
        self._lock = threading.Lock()
        self._serve_rest(tls)
        self._serve_grpc(tls)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed.set()
        self._http.shutdown()
        self._http.server_close()
        self._grpc.stop(None)

    def _serve_rest(self, tls):
        handler = type("Handler", (Rest,), {"double": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls[1], tls[0])
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.rest = f"http{'s' if tls else ''}://localhost:{self._http.server_port}"

    def _serve_grpc(self, tls):
        self._grpc = grpc.server(
            futures.ThreadPoolExecutor(8),
            options=[("grpc.max_receive_message_length", -1)],
        )
        service = Grpc(self)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            service, self._grpc
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(service, self._grpc)
        if tls:
            pair = tuple(path.read_bytes() for path in tls)
            credentials = grpc.ssl_server_credentials([pair])
            port = self._grpc.add_secure_port("127.0.0.1:0", credentials)
        else:
            port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        self.grpc = f"grpc{'s' if tls else ''}://localhost:{port}"

    def check(self, name, version, authorization):
        """Refuses strangers and other models."""
        if self.token and authorization != f"Bearer {self.token}":
            raise Refusal(Code.UNAUTHENTICATED, "Jwt is missing")
        wrong = version is not None and version != self.version
        if name != self.name or wrong or self.state != "AVAILABLE":
            what = (
                f"Latest({name})" if version is None else f"Specific({name}, {version})"
            )
            raise Refusal(Code.NOT_FOUND, f"Servable not found for request: {what}")

    def status(self, name, authorization):
        if self.token and authorization != f"Bearer {self.token}":
            raise Refusal(Code.UNAUTHENTICATED, "Jwt is missing")
        if name != self.name:
            text = f"Could not find any versions of model {name}"
            raise Refusal(Code.NOT_FOUND, text)
        return {self.version: self.state}

    def predict(self, signature, inputs, outputs, no_signature):
        """Named arrays, and the fault that is to spoil them."""
        if signature not in self._loaded.signatures:
            raise Refusal(*no_signature)
        run = self._loaded.signatures[signature]
        rows = len(next(iter(inputs.values())))
        with self._lock:
            self.asked.append((signature, rows, tuple(outputs)))
            fault = self.faults.pop(0) if self.faults else None
        if fault == "unavailable":
            raise Refusal(Code.UNAVAILABLE, "the server is about to stop")
        if fault == "busy":
            raise Refusal(Code.RESOURCE_EXHAUSTED, "The batch scheduling queue is full")
        if fault == "hang":
            self.closed.wait(HANG_SECONDS)
        named = run(**{n: tf.constant(list(v)) for n, v in inputs.items()})
        if unknown := set(outputs) - set(named):
            text = f"output tensor alias not found in signature: {unknown.pop()} "
            text += f"Outputs expected to be in the set {{{','.join(sorted(named))}}}."
            raise Refusal(Code.INVALID_ARGUMENT, text)
        named = {n: named[n].numpy() for n in (outputs or named)}
        if fault == "missing":
            del named["localization" if "localization" in named else min(named)]
        return named, fault
