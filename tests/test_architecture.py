"""The arrows between the rooms: data flows one way, and Beam stays in pipelines."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A room may import from itself and from those before it.
ROOMS = (
    "media",
    "data",
    "models",
    "training",
    "evaluation",
    "inference",
    "serving",
    "web",
)
PIPELINES_MAY_IMPORT = (
    "fakeloc_tf.cli",
    "fakeloc_tf.config",
    "fakeloc_tf.data.prepared",
    "fakeloc_tf.data.records",
    "fakeloc_tf.errors",
    "fakeloc_tf.files",
    "fakeloc_tf.inference",
    "fakeloc_tf.media",
    "fakeloc_tf.noise",
    # `pipelines.score` takes the options of `fakeloc detect`.
    "fakeloc_tf.options",
)


def imports(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files("fakeloc_tf"), ids=lambda p: p.stem)
def test_the_package_does_not_import_the_pipelines(path):
    tops = {name.split(".")[0] for name in imports(path)}
    assert not tops & {"pipelines", "apache_beam", "tensorflow_data_validation"}


@pytest.mark.parametrize("path", files("pipelines"), ids=lambda p: p.stem)
def test_the_pipelines_import_little_of_the_package(path):
    used = {name for name in imports(path) if name.startswith("fakeloc_tf.")}
    assert {name for name in used if not name.startswith(PIPELINES_MAY_IMPORT)} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_from_rooms_before_them(room):
    later = ROOMS[ROOMS.index(room) + 1 :]
    backwards = {
        f"{path.name}: {name}"
        for path in files(f"fakeloc_tf/{room}")
        for name in imports(path)
        if name.startswith(tuple(f"fakeloc_tf.{other}" for other in later))
    }
    assert backwards == set()
