"""LiteRT for phones: the quantisations, what they cost, and detection with them."""

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace

import engine_exports
import numpy as np
import pytest
import synthetic
import toy_run

from fakeloc_tf import export, options
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.media.images import write_png
from fakeloc_tf.serving.exports import formats, litert_model
from fakeloc_tf.serving.exports.verify import Difference

QUANTIZED = ("litert_float16", "litert_dynamic_range")
OUTPUTS = ("probability", "localization", "method_probabilities")

DETECT = """
import sys
from fakeloc_tf import cli
status = cli.main(sys.argv[1:])
heavy = ("tensorflow", "keras", "tf2onnx", "pandas", "sklearn", "matplotlib")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    # Crops of 72 pixels, a model of 64: the resizing is part of what is compared.
    folder = tmp_path_factory.mktemp("litert_run") / "toy"
    return toy_run.make_settled_run(folder, "model.five_way=true")


@pytest.fixture(scope="module")
def exports(run, tmp_path_factory):
    """Name of the format → folder of the export."""
    engine_exports.skip_without("litert")
    folder = tmp_path_factory.mktemp("litert_exports")
    names = ("litert", *QUANTIZED)
    return {name: engine_exports.write(run, name, folder / name) for name in names}


@pytest.fixture(scope="module")
def crops():
    faces = [synthetic.synthetic_face(i, "test", 72).image_uint8 for i in range(6)]
    return np.stack(faces)


@pytest.fixture(scope="module")
def off(run, exports, crops):
    """Name of the format → output → largest difference from Keras."""
    wanted = load_model(run)[0](crops)
    assert np.ptp(wanted["probability"]) > 0.3
    found = {}
    for name, folder in exports.items():
        got = load_model(folder)[0](crops)
        found[name] = {o: float(np.abs(got[o] - wanted[o]).max()) for o in OUTPUTS}
    return found


@pytest.mark.parametrize("output", OUTPUTS)
def test_fewer_bits_cost_more_and_no_more_than_is_allowed(off, output):
    largest = [off[name][output] for name in ("litert", *QUANTIZED)]
    assert largest == sorted(largest)
    assert largest[0] < 1e-5
    # Half a float16 weight's last bit, in all of the layers: not nothing.
    assert 1e-5 < largest[1] < 1e-2
    assert 1e-3 < largest[2] < 0.2


def test_a_file_says_how_it_is_quantised_and_is_smaller(run, exports):
    sizes = {name: (f / "model.tflite").stat().st_size for name, f in exports.items()}
    assert sizes["litert_float16"] < 0.7 * sizes["litert"]
    assert sizes["litert_dynamic_range"] < sizes["litert_float16"]
    plain = load_model(run)[1]
    assert plain.quantization == "none"
    for name, folder in exports.items():
        quantization = name.removeprefix("litert_") if name != "litert" else "none"
        info = load_model(folder)[1]
        assert info == replace(plain, quantization=quantization)


def test_only_litert_is_quantised(run, tmp_path, capsys):
    call = ["--run", str(run), "--out", str(tmp_path / "1"), "--quantize", "float16"]
    assert export.main([*call, "--format", "onnx"]) == 2
    assert "only --format litert can be quantised" in capsys.readouterr().err
    assert not (tmp_path / "1").exists()
    assert set(options.Quantization) == set(litert_model.QUANTIZATIONS)
    for name in litert_model.QUANTIZATIONS:
        assert formats.format_of("litert", name).write
    with pytest.raises(FakelocError, match="--quantize float16"):
        formats.format_of("saved_model", "float16")


def copy_of(folder):
    """A writer that puts an export of another model there."""

    def write(model, info, out):
        shutil.copytree(folder, out, dirs_exist_ok=True)

    return write


@pytest.mark.parametrize(
    "quantize", ["float16", pytest.param("dynamic_range", marks=pytest.mark.slow)]
)
def test_the_verb_accepts_the_cost_and_refuses_another_model(
    run, exports, tmp_path, monkeypatch, capsys, quantize
):
    name = f"litert_{quantize}"
    other = toy_run.make_run(tmp_path / "other", "model.five_way=true")
    given = replace(formats.FORMATS[name], write=copy_of(exports[name]), faces=6)
    monkeypatch.setitem(formats.FORMATS, name, given)
    out = tmp_path / "export"
    call = ["--out", str(out), "--format", "litert", "--quantize", quantize]

    assert export.main([*call, "--run", str(run)]) == 0

    said = capsys.readouterr().out
    assert "6 random faces, and the mean one" in said
    assert "litert/localization: " in said
    shutil.rmtree(out)
    assert export.main([*call, "--run", str(other)]) == 1
    assert "differs from Keras" in capsys.readouterr().err
    assert not out.exists()


def test_what_is_not_a_number_or_off_everywhere_is_refused():
    quantised = formats.FORMATS["litert_dynamic_range"]
    assert quantised.accepts([Difference(0.9, 0.04)])
    assert not quantised.accepts([Difference(0.9, 0.04), Difference(0.2, 0.06)])
    assert not quantised.accepts([Difference(math.nan, math.nan)])
    half = formats.FORMATS["litert_float16"]
    assert half.accepts([Difference(1.5e-2, 6e-4)])
    assert not half.accepts([Difference(1.5e-2, 4e-3)])
    assert not half.accepts([Difference(6e-2, 6e-4)])
    exact = formats.FORMATS["litert"]
    assert exact.accepts([Difference(9e-4, 1e-4)])
    assert not exact.accepts([Difference(2e-3, 1e-6)])


def test_a_keras_that_cannot_is_named(run, tmp_path, monkeypatch):
    def too_old(self, path, format, **kwargs):
        raise ValueError(f"Unrecognized format={format}")

    monkeypatch.setattr(litert_model.CropModel, "export", too_old)
    with pytest.raises(FakelocError, match="cannot export .* litert: Unrecognized"):
        engine_exports.write(run, "litert", tmp_path / "export")


def test_detection_runs_without_tensorflow(exports, tmp_path):
    write_png(tmp_path / "face.png", load_portraits()[0].image())
    call = ["detect", str(tmp_path / "face.png"), "--model"]
    call += [str(exports["litert_dynamic_range"]), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", DETECT, *call],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().splitlines()[-1] == "[]"
    (row,) = map(json.loads, (tmp_path / "out/results.jsonl").read_text().splitlines())
    assert row["status"] == "ok" and 0 <= row["probability"] <= 1
    told = json.loads((tmp_path / "out/call.json").read_text())
    assert told["model"]["engine"] == "litert"
    assert told["model"]["quantization"] == "dynamic_range"
    assert "ai-edge-litert" in told["versions"]
