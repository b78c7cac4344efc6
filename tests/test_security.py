"""What no file of the project may do: run what a stranger's file or request says."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.models.detector import load_detector

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path for top in ("fakeloc_tf", "pipelines") for path in (ROOT / top).rglob("*.py")
)
# They run code that their input names.
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}
# Name of a method → what its module is called.
METHODS = {
    "load": ("yaml", "torch"),
    "full_load": ("yaml",),
    "unsafe_load": ("yaml",),
    "system": ("os",),
    "popen": ("os",),
    "mktemp": ("tempfile",),
    "read_pickle": ("pd", "pandas"),
    "enable_unsafe_deserialization": ("keras", "config"),
}
ARGUMENTS = {("shell", True), ("allow_pickle", True), ("safe_mode", False)}


def unsafe(source):
    """Lines of Python text that do what no line here may do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        if MODULES & {name.split(".")[0] for name in names}:
            found.append(node.lineno)
        if isinstance(node, ast.Call) and _is_unsafe_call(node):
            found.append(node.lineno)
    return found


def _is_unsafe_call(call):
    given = {
        (word.arg, word.value.value)
        for word in call.keywords
        if isinstance(word.value, ast.Constant)
    }
    function = call.func
    if isinstance(function, ast.Name) and function.id in CALLS:
        return True
    if isinstance(function, ast.Attribute) and function.attr in METHODS:
        owner = function.value
        name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
        if name in METHODS[function.attr]:
            return True
    return bool(given & ARGUMENTS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_source_runs_what_its_input_says(path):
    lines = unsafe(path.read_text(encoding="utf-8"))
    assert not lines, f"{path}: lines {lines}"


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "yaml.load(text)",
        "np.load(file, allow_pickle=True)",
        "keras.models.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "subprocess.run(line, shell=True)",
        "eval(text)",
        "os.system(line)",
        "tempfile.mktemp()",
    ],
)
def test_the_search_finds_what_it_looks_for(text):
    assert unsafe(text) == [1]
    assert not unsafe("yaml.safe_load(text); np.load(file); re.compile(text)")


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    """A Lambda layer is Python bytecode in the file."""
    inputs = keras.Input((2,))
    outputs = keras.layers.Lambda(lambda x: x, output_shape=(2,))(inputs)
    model = keras.Model(inputs, {"label": outputs}, name="fakeloc_toy")
    path = tmp_path / "best.keras"
    model.save(path)
    with pytest.raises(FakelocError, match="best.keras cannot be read"):
        load_detector(path)
    # The same layer, naming a function of the standard library instead of bytecode.
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts["config.json"].decode()
    start = text.index('"function": {')
    end = text.index("}}", start) + 2
    assert '"code"' in text[start:end]
    call = (
        '"function": {"class_name": "function", "config": "mkdir", "module": "os", '
        '"registered_name": "function"}'
    )
    parts["config.json"] = (text[:start] + call + text[end:]).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(FakelocError, match="best.keras cannot be read"):
        load_detector(path)


def test_objects_in_an_array_file_are_not_made(tmp_path):
    """NumPy's default is what the project relies on."""
    np.save(tmp_path / "crops.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(tmp_path / "crops.npy")


class _Made(pa.PyExtensionType):
    """A column type whose file holds a pickle: making it again runs `__reduce__`."""

    def __init__(self):
        super().__init__(pa.int64())

    def __reduce__(self):
        return (exec, ("raise SystemExit('code of the file was run')",))


old_pyarrow = pytest.mark.skipif(
    not hasattr(pa, "PyExtensionType"), reason="this pyarrow has no such type"
)


@old_pyarrow
def test_code_in_a_parquet_file_is_not_run(tmp_path):
    path = tmp_path / "predictions.parquet"
    column = pa.ExtensionArray.from_storage(_Made(), pa.array([1, 2]))
    parquet.write_table(pa.table({"probability": column}), path)
    with pytest.raises((FakelocError, RuntimeError), match="cannot be read|execution"):
        predictions.read(path)


@old_pyarrow
def test_code_in_the_scores_that_a_call_goes_on_with_is_not_run(tmp_path):
    """In a fresh process: here, the import above has closed the hole already."""
    column = pa.ExtensionArray.from_storage(_Made(), pa.array([1, 2]))
    for name in ("files", "bad_files"):
        (tmp_path / name).mkdir()
        parquet.write_table(pa.table({"status": column}), tmp_path / name / "part-0")
    code = (
        "import sys; from pathlib import Path; from pipelines.scoring import summary; "
        "summary.sum_up(Path(sys.argv[1]), summary.ThisRun(0, 0.0))"
    )
    call = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    # Not 1 always: TensorFlow's threads may abort a process that ends by an error.
    assert done.returncode != 0
    assert "Disallowed deserialization" in done.stderr
