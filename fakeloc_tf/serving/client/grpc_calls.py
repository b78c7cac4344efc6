"""TF Serving's gRPC API, with its own protos (`tensorflow-serving-api`)."""

from __future__ import annotations

import math
from typing import Any

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.serving.client import errors
from fakeloc_tf.serving.client.address import Connection
from fakeloc_tf.serving.client.transport import MAX_MESSAGE_BYTES, Wanted

try:
    import grpc
    import tensorflow as tf
    from tensorflow_serving.apis import (
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
except ImportError as error:
    raise FakelocError(
        f"a server over gRPC needs tensorflow-serving-api ({error}); install it with "
        "`pip install fakeloc-tf[serving]`, or give the address of REST (http://)"
    ) from error

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # After a refusal the channel itself waits, up to two minutes, and refuses every
    # call meanwhile: the pause between attempts is `retrying`'s.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.use_local_subchannel_pool", 1),
)
_TLS = ("ssl", "tls", "certificate", "handshake")


class GrpcTransport:
    """Requests over one channel."""

    def __init__(self, connection: Connection) -> None:
        """Connects at the first request."""
        self._connection = connection
        self._url = connection.address.url
        self._channel = _channel(connection)
        self._predict = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._models = model_service_pb2_grpc.ModelServiceStub(self._channel)
        token = connection.token
        self._headers = [("authorization", f"Bearer {token}")] if token else []

    def predict(self, wanted: Wanted) -> dict[str, Any]:
        """See `Transport`."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = wanted.model
        request.model_spec.signature_name = wanted.signature
        if wanted.version is not None:
            request.model_spec.version.value = wanted.version
        for name, rows in wanted.inputs.items():
            tensor = tf.make_tensor_proto(list(rows), tf.string, [len(rows)])
            request.inputs[name].CopyFrom(tensor)
        request.output_filter.extend(wanted.outputs)
        outputs = self._call(self._predict.Predict, request).outputs
        try:
            return {name: _array(outputs[name]) for name in outputs}
        except (TypeError, ValueError, OverflowError) as error:
            raise errors.malformed(self._url, error) from error

    def versions(self, model: str) -> dict[int, str]:
        """See `Transport`."""
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        states = get_model_status_pb2.ModelVersionStatus.State
        return {
            row.version: states.Name(row.state)
            for row in self._call(
                self._models.GetModelStatus, request
            ).model_version_status
        }

    def close(self) -> None:
        """See `Transport`; ends the requests that are under way."""
        self._channel.close()

    def _call(self, method: Any, request: Any) -> Any:
        seconds = self._connection.timeout_seconds
        try:
            return method(request, timeout=seconds, metadata=self._headers)
        except grpc.RpcError as error:
            raise self._error(error) from error

    def _error(self, error: Any) -> errors.ServerError:
        """What a failed call says."""
        code, url = error.code(), self._url
        reason = f"{code.name}: {(error.details() or 'no text')[:300]}"
        status = grpc.StatusCode
        if code is status.DEADLINE_EXCEEDED:
            return errors.too_slow(url, self._connection.timeout_seconds)
        if code is status.UNAVAILABLE:
            secure = self._connection.address.is_secure
            if secure and any(word in reason.lower() for word in _TLS):
                return errors.not_trusted(url, reason)
            return errors.unreachable(url, reason)
        if code is status.RESOURCE_EXHAUSTED:
            # gRPC's own word for a message beyond a limit is the same as a server's
            # for a full queue.
            large = "message" in reason and "larger" in reason
            return errors.too_large(url, reason) if large else errors.busy(url, reason)
        if code in (status.UNAUTHENTICATED, status.PERMISSION_DENIED):
            return errors.not_allowed(url, reason)
        if code is status.NOT_FOUND:
            return errors.NotServedError(f"{url}: {reason}")
        if code in (status.INVALID_ARGUMENT, status.FAILED_PRECONDITION):
            return errors.refused(url, reason)
        return errors.malformed(url, reason)


def _array(tensor: Any) -> Any:
    """`make_ndarray`, of no more than an answer can hold.

    One value and a shape stand for as many copies of it as the shape has.
    """
    values = math.prod(dim.size for dim in tensor.tensor_shape.dim)
    if values * 4 > MAX_MESSAGE_BYTES:
        raise ValueError(f"a tensor of {values} values")
    return tf.make_ndarray(tensor)


def _channel(connection: Connection) -> grpc.Channel:
    """Opens nothing yet."""
    address = connection.address
    # A proxy of the environment is another machine; see `rest`.
    options = [*_OPTIONS, ("grpc.enable_http_proxy", int(not address.is_local))]
    if not address.is_secure:
        return grpc.insecure_channel(address.target, options=options)
    roots = connection.ca_file.read_bytes() if connection.ca_file else None
    credentials = grpc.ssl_channel_credentials(root_certificates=roots)
    return grpc.secure_channel(address.target, credentials, options=options)
