"""The two APIs of the double of TensorFlow Serving; see `tf_serving_double`."""

import base64
import json
import re
from http.server import BaseHTTPRequestHandler

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

Code = grpc.StatusCode
# `ToHTTPStatusCode` of TF Serving's http_server.cc.
HTTP_STATUS = {
    Code.INVALID_ARGUMENT: 400,
    Code.FAILED_PRECONDITION: 400,
    Code.NOT_FOUND: 404,
    Code.UNAUTHENTICATED: 401,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.UNAVAILABLE: 503,
}
_PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+))?(:predict)?")


class Refusal(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code, self.text = code, text


class Rest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._answer(self._status)

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(self._predict)

    def _answer(self, method):
        found = _PATH.fullmatch(self.path)
        if not found:
            return self._send(404, b"<html>Not Found</html>")
        name, version, _ = found.groups()
        try:
            method(name, int(version) if version else None)
        except Refusal as refusal:
            # TF Serving writes an error as JSON with this one key.
            text = json.dumps({"error": refusal.text}).encode()
            self._send(HTTP_STATUS[refusal.code], text)

    def _status(self, name, version):
        states = self.double.status(name, self.headers.get("Authorization"))
        rows = [
            # 64-bit numbers are strings in the JSON of protos.
            {"version": str(version), "state": state}
            | {"status": {"error_code": "OK", "error_message": ""}}
            for version, state in states.items()
        ]
        self._send(200, json.dumps({"model_version_status": rows}).encode())

    def _predict(self, name, version):
        self.double.check(name, version, self.headers.get("Authorization"))
        asked = json.loads(self.body)
        signature = asked.get("signature_name", "serving_default")
        text = f'Serving signature name: "{signature}" not found in signature def'
        values = [base64.b64decode(row["b64"]) for row in asked["instances"]]
        only = {"describe": "query"}.get(signature, "image_bytes")
        named, fault = self.double.predict(
            signature, {only: values}, (), (Code.INVALID_ARGUMENT, text)
        )
        rows = [
            {n: _json(n, v[i]) for n, v in named.items()} for i in range(len(values))
        ]
        if len(named) == 1:  # then without its name
            rows = [row for (row,) in (row.values() for row in rows)]
        body = json.dumps({"predictions": rows}).encode()  # NaN as the bare token
        if fault == "garbage":
            body = b"{ <html>not JSON"
        self._send(200, body, cut=fault == "drop")

    def _send(self, status, body, cut=False):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status in (429, 503) and self.double.retry_after is not None:
            self.send_header("Retry-After", str(self.double.retry_after))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


def _json(name, value):
    """As json_tensor.cc writes: base64 of strings whose output ends in `_bytes`."""
    if isinstance(value, bytes):
        if name.endswith("_bytes"):
            return {"b64": base64.b64encode(value).decode()}
        return value.decode()
    return np.asarray(value).tolist()


class Grpc(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    def __init__(self, double):
        self.double = double

    def Predict(self, request, context):  # noqa: N802
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        signature = spec.signature_name or "serving_default"
        no_signature = f'Serving signature key "{signature}" not found.'
        inputs = {n: tf.make_ndarray(t) for n, t in request.inputs.items()}
        try:
            self.double.check(spec.name, version, _authorization(context))
            named, fault = self.double.predict(
                signature,
                inputs,
                request.output_filter,
                (Code.FAILED_PRECONDITION, no_signature),
            )
        except Refusal as refusal:
            context.abort(refusal.code, refusal.text)
        if fault == "drop":
            context.abort(Code.UNAVAILABLE, "Socket closed")
        if fault == "garbage":
            named = {n: np.zeros((7, 3), np.float32) for n in named}
        response = predict_pb2.PredictResponse()
        response.model_spec.version.value = self.double.version
        for name, value in named.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return response

    def GetModelStatus(self, request, context):  # noqa: N802
        try:
            name = request.model_spec.name
            states = self.double.status(name, _authorization(context))
        except Refusal as refusal:
            context.abort(refusal.code, refusal.text)
        response = get_model_status_pb2.GetModelStatusResponse()
        codes = get_model_status_pb2.ModelVersionStatus.State
        for version, state in states.items():
            row = response.model_version_status.add()
            row.version, row.state = version, codes.Value(state)
        return response


def _authorization(context):
    return dict(context.invocation_metadata()).get("authorization")
