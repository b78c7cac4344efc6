"""What lies in an exported SavedModel, loaded as TF Serving loads it: by a session."""

import logging
import os
import sys

import engine_exports
import numpy as np
import pytest
import tensorflow as tf
import toy_run
from tensorflow.core.protobuf import saved_model_pb2

from fakeloc_tf.inference.loading import INFO_FILE
from fakeloc_tf.models.detector import load_detector
from fakeloc_tf.serving.exports import warmup

SCORING = ("predict_faces", "serving_default", "compact")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("graph-runs") / "toy")


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    return engine_exports.write(
        run, "saved_model", tmp_path_factory.mktemp("graph-exports") / "1"
    )


@pytest.fixture(scope="module")
def meta_graph(folder):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    (graph,) = saved.meta_graphs
    return graph


@pytest.fixture(scope="module")
def ask(folder):
    """(signature, inputs) → outputs, by name."""
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        meta = tf.compat.v1.saved_model.load(session, ["serve"], str(folder))

        def run(signature, **inputs):
            known = meta.signature_def[signature]
            assert set(inputs) == set(known.inputs)
            outputs = {name: info.name for name, info in known.outputs.items()}
            feed = {known.inputs[name].name: inputs[name] for name in inputs}
            return session.run(outputs, feed)

        yield run


@pytest.fixture(scope="module")
def warmup_requests(folder):
    apis = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    rows = tf.compat.v1.io.tf_record_iterator(str(folder / warmup.WARMUP_FILE))
    return [apis.PredictionLog.FromString(row).predict_log.request for row in rows]


def test_the_signatures_are_typed_and_of_any_batch(meta_graph):
    shapes = {
        name: {
            key: (info.dtype, [dim.size for dim in info.tensor_shape.dim])
            for key, info in (*signature.inputs.items(), *signature.outputs.items())
        }
        for name, signature in meta_graph.signature_def.items()
        if name != "__saved_model_init_op"
    }
    number, text = tf.float32.as_datatype_enum, tf.string.as_datatype_enum
    scores = {
        "probability": (number, [-1, 1]),
        "localization_png_bytes": (text, [-1]),
    }
    floats = {"localization": (number, [-1, 64, 64, 1])}
    encoded = {"image_bytes": (text, [-1]), "status": (text, [-1])}
    assert shapes == {
        "predict_faces": {"faces": (number, [-1, 64, 64, 3])} | scores | floats,
        "serving_default": encoded | scores | floats,
        "compact": encoded | scores,
        "describe": {"query": (text, [-1]), "info": (text, [-1])},
    }


def test_the_graph_runs_without_python(meta_graph):
    graph = meta_graph.graph_def
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    operations = {node.op for node in nodes}
    assert "DecodePng" in operations and "Conv2D" in operations
    python = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "NumpyFunction"}
    assert not operations & python
    # Of another program or library, which TF Serving would not have.
    known = set(tf.raw_ops.__dict__) | {"_Arg", "_Retval"}
    assert operations <= known


def test_no_file_tells_of_this_machine_or_holds_code(folder, run):
    files = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert files >= {"saved_model.pb", str(INFO_FILE)}
    assert not list((folder / "assets").iterdir())
    suffixes = {os.path.splitext(name)[1] for name in files}
    assert suffixes <= {".pb", ".json", ".index", ".data-00000-of-00001", ""}
    for name in files:
        data = (folder / name).read_bytes()
        for here in (run.parent, folder.parent, toy_run.__file__):
            assert os.fsencode(here) not in data, name


def test_each_weight_is_there_once(folder, run):
    model = load_detector(run / "best.keras")
    wanted = sorted(tuple(weight.shape) for weight in model.weights)
    held = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    shapes = held.get_variable_to_shape_map()
    found = sorted(
        tuple(shape) for name, shape in shapes.items() if "OBJECT_GRAPH" not in name
    )
    assert found == wanted


def test_the_warm_up_covers_every_signature_and_batch(warmup_requests):
    asked = {}
    for request in warmup_requests:
        assert request.model_spec.name == "fakeloc"
        (tensor,) = request.inputs.values()
        asked.setdefault(request.model_spec.signature_name, []).append(
            tensor.tensor_shape.dim[0].size
        )
    assert asked.pop("describe") == [1]
    assert asked == {name: list(warmup.BATCH_SIZES) for name in SCORING}
    # The last value stands for all: TF Serving reads the file at each start.
    assert sum(request.ByteSize() for request in warmup_requests) < 200_000


def test_the_warm_up_is_answered(ask, warmup_requests):
    for request in warmup_requests:
        ((name, proto),) = request.inputs.items()
        values = tf.make_ndarray(proto)
        answers = ask(request.model_spec.signature_name, **{name: values})
        if "status" in answers:
            assert answers["status"].tolist() == [b"ok"] * len(values)
        if "probability" in answers:
            assert answers["probability"].shape == (len(values), 1)
            assert np.ptp(answers["probability"]) < 1e-5


def test_a_session_keeps_a_broken_row_apart(ask):
    crop = warmup._synthetic_crop(72)
    for signature in ("serving_default", "compact"):
        got = ask(signature, image_bytes=[crop, crop[:40], crop])
        assert got["status"].tolist() == [b"ok", b"unreadable", b"ok"]
        assert np.isnan(got["probability"][:, 0]).tolist() == [False, True, False]


def test_without_the_extra_there_is_a_line_in_place_of_the_file(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    with caplog.at_level(logging.WARNING):
        assert not warmup.write_warmup(None, (), "describe", tmp_path)
    assert "pip install fakeloc-tf[serving]" in caplog.text
    assert len(caplog.records) == 1 and not list(tmp_path.iterdir())
