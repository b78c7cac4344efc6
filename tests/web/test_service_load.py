"""The load test finds what it looks for; in a process of its own: locust patches it."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
if importlib.util.find_spec("locust") is None:
    pytest.skip("locust is not installed", allow_module_level=True)

TOOLS = Path(__file__).parents[2] / "tools"
FACE = {"box": [1, 2, 3, 4], "probability": 0.5}
ROW = {"path": "a.jpg", "sha256": "x", "status": "ok", "faces": [FACE]}


def test_an_answer_of_another_is_told():
    rows = [
        ROW,
        ROW | {"faces": [FACE | {"probability": 0.500001}]},
        ROW | {"faces": [FACE | {"probability": 0.5001}]},
        ROW | {"faces": []},
        ROW | {"faces": [FACE, FACE]},
        ROW | {"faces": [FACE | {"box": [1, 2, 3, 5]}]},
        ROW | {"path": "b.jpg"},
        ROW | {"sha256": "y"},
    ]
    code = (
        "import json, sys; from load_test import same, make_pictures; "
        "rows = json.loads(sys.argv[1]); "
        "print(json.dumps([same(row, rows[0]) for row in rows])); "
        "print(len({data for _, data in make_pictures(70)}))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, json.dumps(rows)],
        cwd=TOOLS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert json.loads(said[0]) == [True] * 2 + [False] * 6
    assert said[1] == "70"


@pytest.mark.slow
def test_the_load_test_runs(api, tmp_path):
    options = "--clients 1 --clients 3 --seconds 2 --pictures 3".split()
    subprocess.run(
        [sys.executable, TOOLS / "load_test.py", "--url", api.url]
        + [*options, "--out", tmp_path],
        check=True,
        capture_output=True,
    )
    head, *rows = (tmp_path / "load_test.csv").read_text().splitlines()
    assert head.endswith("429,lost,mixed")
    assert [row.endswith(",0,0,0") for row in rows] == [True, True]
