"""configs/serving: what TF Serving reads fits together, and the health check works."""

import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,
)

from fakeloc_tf.serving.exports import warmup

FOLDER = Path(__file__).parents[2] / "configs" / "serving"
FIELD = descriptor_pb2.FieldDescriptorProto
WRAPPED = "." + wrappers_pb2.Int64Value.DESCRIPTOR.full_name
# The wheel of TF Serving's API lacks these two messages: fields, numbers and types of
# its session_bundle_config.proto and monitoring_config.proto.
MESSAGES = {
    "BatchingParameters": {
        "max_batch_size": (1, FIELD.TYPE_MESSAGE, WRAPPED),
        "batch_timeout_micros": (2, FIELD.TYPE_MESSAGE, WRAPPED),
        "max_enqueued_batches": (3, FIELD.TYPE_MESSAGE, WRAPPED),
        "num_batch_threads": (4, FIELD.TYPE_MESSAGE, WRAPPED),
        "allowed_batch_sizes": (6, FIELD.TYPE_INT64, ""),
    },
    "PrometheusConfig": {
        "enable": (1, FIELD.TYPE_BOOL, ""),
        "path": (2, FIELD.TYPE_STRING, ""),
    },
    "MonitoringConfig": {
        "prometheus_config": (1, FIELD.TYPE_MESSAGE, ".PrometheusConfig"),
    },
}


def read_as(message, name):
    """A text proto of configs/serving as one of `MESSAGES`."""
    file = descriptor_pb2.FileDescriptorProto(name="tf_serving.proto", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    for title, fields in MESSAGES.items():
        described = file.message_type.add(name=title)
        for field, (number, kind, of) in fields.items():
            many = field == "allowed_batch_sizes"
            label = FIELD.LABEL_REPEATED if many else FIELD.LABEL_OPTIONAL
            described.field.add(
                name=field, number=number, type=kind, type_name=of or None, label=label
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(message))
    return text_format.Parse((FOLDER / name).read_text(), kind())


@pytest.fixture(scope="module")
def models():
    proto = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    text = (FOLDER / "models.config").read_text()
    return text_format.Parse(text, proto.ModelServerConfig())


@pytest.fixture(scope="module")
def service():
    compose = yaml.safe_load((FOLDER / "docker-compose.yml").read_text())
    (service,) = compose["services"].values()
    return service


def flags(service):
    return dict(flag.removeprefix("--").split("=") for flag in service["command"])


def test_batches_are_those_that_the_export_warms_up():
    batching = read_as("BatchingParameters", "batching.config")
    sizes = list(batching.allowed_batch_sizes)
    assert sizes == sorted(set(sizes)) == list(warmup.BATCH_SIZES)
    # Else TF Serving does not start.
    assert sizes[-1] == batching.max_batch_size.value
    assert batching.num_batch_threads.value >= 1
    assert batching.max_enqueued_batches.value >= 1


def test_metrics_are_where_the_readme_says():
    config = read_as("MonitoringConfig", "monitoring.config").prometheus_config
    assert config.enable
    assert f"127.0.0.1:8501{config.path}" in (FOLDER / "README.md").read_text()


def test_the_model_is_where_the_exports_are_mounted(models, service):
    (model,) = models.model_config_list.config
    assert model.name == warmup.MODEL_NAME
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == 1
    exports = next(v for v in service["volumes"] if "FAKELOC_EXPORTS" in v)
    assert exports.endswith(f":{model.base_path}:ro")


def test_the_examples_in_comments_are_valid_too(models):
    text = (FOLDER / "models.config").read_text()
    example = re.sub(r"^( *model_version_policy .*latest.*)$", "", text, flags=re.M)
    lines = [line for line in example.splitlines() if "versions: 1 }" not in line]
    example = "\n".join(
        re.sub(r"^ *# (?=model_version_policy|version_labels)", "", line)
        for line in lines
    )
    (model,) = text_format.Parse(example, type(models)()).model_config_list.config
    assert list(model.model_version_policy.specific.versions) == [1, 2]
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}


def test_flags_name_files_that_are_mounted(service):
    given = flags(service)
    assert given["enable_batching"] == "true"
    for flag in ("model_config", "batching_parameters", "monitoring_config"):
        path = Path(given[f"{flag}_file"])
        assert path.parent == Path("/config") and (FOLDER / path.name).is_file()
    assert ".:/config:ro" in service["volumes"]


def test_the_container_is_closed_but_for_this_machine(service):
    tag = service["image"].partition(":")[2]
    assert tuple(map(int, tag.split("."))) >= (2, 16)
    given = flags(service)
    wanted = {f"127.0.0.1:{given[f]}:{given[f]}" for f in ("port", "rest_api_port")}
    assert set(service["ports"]) == wanted
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert not service["user"].startswith("0")
    assert service["mem_limit"] and service["cpus"] and service["pids_limit"]
    assert all(volume.endswith(":ro") for volume in service["volumes"])


def answer_of(*states):
    """As TF Serving prints it."""
    rows = [
        {"version": str(n), "state": state, "status": {"error_code": "OK"}}
        for n, state in enumerate(states, 1)
    ]
    return json.dumps({"model_version_status": rows}, indent=1)


@pytest.fixture
def healthy(service):
    """Answers (path → body) → exit status of the health check of the container."""
    servers = []

    def check(answers):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                body = answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write((body or '{"error": "AVAILABLE?"}').encode())

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return run_check(service, server.server_port)

    yield check
    for server in servers:
        server.shutdown()
        server.server_close()


def run_check(service, port):
    kind, *command = service["healthcheck"]["test"]
    assert kind == "CMD"
    inside = {"/config/healthy.sh": str(FOLDER / "healthy.sh")}
    inside[flags(service)["rest_api_port"]] = str(port)
    call = [inside.get(word, word) for word in command]
    assert str(port) in call
    return subprocess.run(call, capture_output=True, timeout=20).returncode


def test_a_version_that_is_available_is_healthy(healthy):
    assert healthy({"/v1/models/fakeloc": answer_of("AVAILABLE")}) == 0
    assert healthy({"/v1/models/fakeloc": answer_of("END", "AVAILABLE")}) == 0
    assert healthy({"/v1/models/fakeloc": answer_of("AVAILABLE", "LOADING")}) == 0


@pytest.mark.parametrize("state", ["START", "LOADING", "UNLOADING", "END"])
def test_any_other_state_is_not(healthy, state):
    assert healthy({"/v1/models/fakeloc": answer_of(state)}) == 1


def test_another_model_and_no_server_are_not(healthy, service):
    assert healthy({"/v1/models/other": answer_of("AVAILABLE")}) == 1
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    assert run_check(service, port) == 1
