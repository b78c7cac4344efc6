"""The engines: one answer, whichever runs the model; TensorFlow only where needed."""

import json
import shutil
import subprocess
import sys

import engine_exports
import numpy as np
import pytest
import tensorflow as tf
import toy_run

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.engines import contract, tensorflow_engine
from fakeloc_tf.inference.loading import find_model, load_model, model_sha256

FORMATS = ("saved_model", "onnx", "openvino", "litert")
LIGHT = ("onnx", "openvino", "litert")
FILES = {"onnx": "model.onnx", "openvino": "model.xml", "litert": "model.tflite"}
PACKAGES = {
    "onnx": ["onnxruntime"],
    "openvino": ["openvino"],
    # TensorFlow has the same interpreter.
    "litert": ["ai_edge_litert.interpreter", "tensorflow"],
}
OUTPUTS = ("probability", "localization", "method_probabilities")

ALONE = """
import json, sys
import numpy as np
from fakeloc_tf.inference.detector import Detector
scores = Detector(sys.argv[1]).detect_faces(np.load(sys.argv[2]))
heavy = ("tensorflow", "keras", "tf2onnx", "pandas", "sklearn", "matplotlib")
loaded = [name for name in heavy if name in sys.modules]
print(json.dumps({"probability": scores.probability.tolist(), "loaded": loaded}))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    # Crops of 72 pixels, a model of 64: the resizing is part of what is compared.
    folder = tmp_path_factory.mktemp("runs") / "toy"
    return toy_run.make_run(folder, "model.five_way=true")


@pytest.fixture(scope="module")
def exports(run, tmp_path_factory):
    """A function: format → folder of the export, written once."""
    folder, written = tmp_path_factory.mktemp("exports"), {}

    def get(name):
        engine_exports.skip_without(name)
        if name not in written:
            written[name] = engine_exports.write(run, name, folder / name)
        return written[name]

    return get


@pytest.fixture(scope="module")
def crops():
    # Sharp edges, which another way of resizing would blur differently.
    return np.random.default_rng(1).integers(0, 256, (5, 72, 72, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def wanted(run, crops):
    return load_model(run)[0](crops)


@pytest.mark.parametrize("name", FORMATS)
def test_every_engine_says_what_keras_says(run, exports, crops, wanted, name):
    score, info = load_model(exports(name))
    got = score(crops)
    assert np.ptp(wanted["probability"]) > 0.01
    assert set(got) == set(OUTPUTS)
    for output in OUTPUTS:
        assert got[output].dtype == np.float32
        assert got[output].shape == wanted[output].shape
        np.testing.assert_allclose(got[output], wanted[output], atol=1e-4)
    assert info == load_model(run)[1]


@pytest.mark.parametrize("name", FORMATS)
def test_a_batch_changes_nothing(exports, crops, name):
    detector = Detector(exports(name), batch_size=2)
    together, alone = detector.detect_faces(crops), detector.detect_faces(crops[3:4])
    np.testing.assert_allclose(alone.localization[0], together.localization[3], 0, 1e-5)
    np.testing.assert_allclose(alone.probability[0], together.probability[3], 0, 1e-5)


@pytest.mark.parametrize("name", LIGHT)
def test_answers_come_without_tensorflow(exports, crops, wanted, tmp_path, name):
    folder = exports(name)
    np.save(tmp_path / "crops.npy", crops)
    call = [sys.executable, "-c", ALONE, str(folder), str(tmp_path / "crops.npy")]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["loaded"] == []
    np.testing.assert_allclose(
        said["probability"], wanted["probability"][:, 0], atol=1e-4
    )


@pytest.mark.parametrize("name", LIGHT)
def test_crops_of_another_size_are_refused(exports, name):
    score, _ = load_model(exports(name))
    with pytest.raises(ValueError, match=r"\[N, 72, 72, 3\]. Received: \(1, 64, 64"):
        score(np.zeros((1, 64, 64, 3), np.uint8))


@pytest.mark.parametrize("name", LIGHT)
def test_a_missing_engine_is_named_with_what_to_install(
    exports, tmp_path, monkeypatch, name
):
    folder = exports(name)
    for package in PACKAGES[name]:
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(FakelocError, match=rf"pip install fakeloc-tf\[{name}\]"):
        load_model(folder)


def test_tensorflow_has_the_interpreter_of_litert(exports, crops, wanted, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    got = load_model(exports("litert"))[0](crops)
    for output in OUTPUTS:
        np.testing.assert_allclose(got[output], wanted[output], atol=1e-4)


@pytest.mark.parametrize("name", LIGHT)
def test_a_broken_file_is_named(exports, tmp_path, name):
    folder = shutil.copytree(exports(name), tmp_path / "broken")
    (folder / FILES[name]).write_bytes(b"no model")
    with pytest.raises(FakelocError, match=rf"{FILES[name]} cannot be loaded"):
        load_model(folder)


@pytest.mark.parametrize("name", LIGHT)
def test_a_model_without_its_description_is_named(exports, tmp_path, name):
    folder = shutil.copytree(exports(name), tmp_path / "bare")
    (folder / "fakeloc.json").unlink()
    with pytest.raises(FakelocError, match="fakeloc.json does not describe a model"):
        load_model(folder)


def test_a_model_of_something_else_is_refused():
    contract.check_outputs(OUTPUTS, "here")
    with pytest.raises(FakelocError, match="here has no output localization"):
        contract.check_outputs(["probability"], "here")


def test_tensorflow_gets_crops_resized_as_in_training(crops):
    def read_off(faces):
        return {"localization": faces[..., :1]}

    got = tensorflow_engine.crop_scorer(read_off, 32)(crops)["localization"]
    wanted = tf.image.resize(crops.astype(np.float32), (32, 32), antialias=True)
    np.testing.assert_allclose(got, wanted[..., :1], atol=1e-3)


def test_the_kind_of_a_model_is_read_off_its_files(run, tmp_path):
    assert find_model(run).path == run / "best.keras"
    assert find_model(run / "best.keras").format == "keras"
    for number in ("2", "10", "x"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "saved_model.pb").touch()
    assert find_model(tmp_path).path == tmp_path / "10"
    (tmp_path / "model.tflite").touch()
    assert find_model(tmp_path).engine == "litert"
    (tmp_path / "model.xml").touch()
    assert find_model(tmp_path).engine == "openvino"
    (tmp_path / "model.onnx").touch()
    assert find_model(tmp_path).engine == "onnx"


def test_the_hash_is_of_what_is_loaded(run, tmp_path):
    one = model_sha256(run)
    assert one == model_sha256(run / "best.keras")
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "model.xml").write_text("graph")
    (folder / "model.bin").write_text("weights")
    first = model_sha256(folder)
    assert first == model_sha256(folder) != one
    copied = shutil.copytree(folder, tmp_path / "elsewhere")
    assert model_sha256(copied) == first
    (folder / "model.bin").write_text("other weights")
    assert model_sha256(folder) != first
    with pytest.raises(FakelocError, match="holds no model"):
        model_sha256(tmp_path / "nothing")
    with pytest.raises(FakelocError, match=r"x\.keras is missing"):
        model_sha256(tmp_path / "x.keras")
