"""From a run to the folder that is shipped."""

import json
import shutil
import zipfile
from io import BytesIO

import h5py
import numpy as np
import pytest
import shipped_package
import shipped_toy
from shipped_paths import NeutralPaths
from shipped_weights import write_half

from fakeloc_tf import config, shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.models.detector import load_detector


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("shipped_run")


@pytest.fixture(scope="module")
def run(root):
    return shipped_toy.make_run(root)[0]


@pytest.fixture(scope="module")
def packaged(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "portraits-1"
    out.mkdir()
    (out / shipped.CARD).write_text("the card")
    assert shipped_toy.package(run, out) == 0
    return out


def arrays(path):
    """Name → array of a `.keras` file."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        data = BytesIO(archive.read("model.weights.h5"))
    with h5py.File(data) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def test_kernels_are_float16_and_nothing_is_lost(run, packaged):
    old, new = (arrays(folder / shipped.WEIGHTS) for folder in (run, packaged))
    assert old.keys() == new.keys()
    for name, array in new.items():
        assert array.shape == old[name].shape
        wanted = np.float16 if array.ndim > 1 else old[name].dtype
        assert array.dtype == wanted
        assert np.array_equal(array, old[name].astype(wanted))
    assert any(array.dtype == np.float16 for array in new.values())


def test_keras_loads_them_into_float32(run, packaged):
    old, new = (load_detector(f / shipped.WEIGHTS).weights for f in (run, packaged))
    for before, after in zip(old, new, strict=True):
        assert before.path == after.path
        assert after.dtype == before.dtype
        wanted = before.numpy()
        if wanted.ndim > 1 and wanted.dtype == np.float32:
            wanted = wanted.astype(np.float16).astype(np.float32)
        assert np.array_equal(after.numpy(), wanted)


def test_the_packaged_model_scores_as_the_run(run, packaged, capsys):
    crops = np.random.default_rng(0).integers(0, 256, (8, 72, 72, 3), dtype=np.uint8)
    old, new = Detector(run), Detector(packaged)
    before, after = (each.detect_faces(crops) for each in (old, new))
    assert np.ptp(before.probability) > 0.02
    assert 0 < np.abs(after.probability - before.probability).max() < 0.01
    assert np.abs(after.localization - before.localization).max() < 0.01
    assert new.info.temperature == old.info.temperature
    assert new.info.rates == old.info.rates
    assert new.info.name == "portraits-1"


def test_the_change_of_the_scores_is_measured(packaged):
    change = json.loads((packaged / shipped.PACKAGED).read_text())["score_change"]
    assert change["faces"] == 8
    assert 0 < change["mean_probability"] <= change["largest_probability"] < 0.01


def test_no_path_of_the_machine_is_in_it(root, packaged):
    for path in packaged.iterdir():
        content = path.read_bytes()
        assert str(root).encode() not in content, path.name
        assert b"Secret" not in content, path.name
    resolved = config.load(packaged / "config.yaml")
    assert resolved.data.records == "datasets/synthetic/records"
    assert resolved.training.step1_from == "x.keras"
    seen = json.loads((packaged / "training_data.json").read_text())
    assert {used["records"] for used in seen["own"]} == {"datasets/synthetic/records"}
    assert all(len(used["people"]) > 0 for used in seen["own"])


def test_it_is_a_shipped_model(packaged, monkeypatch):
    monkeypatch.setattr(shipped, "ROOT", packaged.parent)
    assert shipped.checked(None) == packaged
    assert (packaged / shipped.CARD).read_text() == "the card"
    sums = (packaged / shipped.SUMS).read_text()
    assert all(name in sums for name in shipped.READ)
    assert shipped.CARD not in sums


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("/data/ff/records", "datasets/toy/records"),
        ("../../records", "datasets/toy/records"),
        ("datasets/mine/records", "datasets/mine/records"),
        ("~/records", "datasets/toy/records"),
    ],
)
def test_records_elsewhere_are_called_by_their_data_set(value, wanted):
    assert NeutralPaths("toy").clean({"a": [{"records": value}]}) == {
        "a": [{"records": wanted}]
    }


def test_other_paths_keep_their_last_name():
    given = {"weights": r"C:\nets\x.h5", "made": ["/a/us", "us"], "n": 3, "none": None}
    wanted = {"weights": "x.h5", "made": ["us", "us"], "n": 3, "none": None}
    assert NeutralPaths("toy").clean(given) == wanted


def test_weights_that_float16_cannot_hold_are_refused(run, tmp_path):
    changed = tmp_path / "run"
    shutil.copytree(run, changed)
    model = load_detector(run / shipped.WEIGHTS)
    kernel = next(w for w in model.weights if len(w.shape) > 1)
    kernel.assign(kernel.numpy() + 1e5)
    model.save(changed / shipped.WEIGHTS)
    with pytest.raises(FakelocError, match=r"weights of up to 1000.*float16"):
        write_half(changed / shipped.WEIGHTS, tmp_path / "half.keras")
    assert not (tmp_path / "half.keras").exists()


def test_what_is_too_large_is_not_left_half_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr(shipped_package, "MAX_BYTES", 1000)
    out = tmp_path / "portraits-1"
    with pytest.raises(FakelocError, match="more than 0; train a smaller"):
        shipped_toy.package(run, out)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_overwritten(run, packaged):
    before = (packaged / shipped.SUMS).read_bytes()
    with pytest.raises(FakelocError, match="holds SHA256SUMS, best.keras"):
        shipped_toy.package(run, packaged)
    assert (packaged / shipped.SUMS).read_bytes() == before
    assert list(packaged.parent.iterdir()) == [packaged]


@pytest.mark.parametrize(
    ("name", "words"),
    [("metrics.json", "is missing"), ("calibration.json", "is not calibrated")],
)
def test_a_run_that_is_not_finished_is_refused(run, tmp_path, name, words):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / name).unlink()
    with pytest.raises(FakelocError, match=words):
        shipped_toy.package(copy, tmp_path / "out")


def test_without_the_records_nothing_is_said_of_the_scores(root, run, tmp_path, capsys):
    copy = shutil.copytree(run, tmp_path / "run")
    text = (copy / "config.yaml").read_text()
    (copy / "config.yaml").write_text(text.replace(str(root), "/nowhere"))
    assert shipped_toy.package(copy, tmp_path / "out") == 0
    assert "not compared" in capsys.readouterr().out
    origin = json.loads((tmp_path / "out" / shipped.PACKAGED).read_text())
    assert origin["score_change"] is None
