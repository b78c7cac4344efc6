"""The README's own code and commands exist and run."""

import importlib
import re
import shutil
from pathlib import Path

import pytest
import toy_run

from fakeloc_tf import cli
from fakeloc_tf.data.portraits import load_portraits

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_prints_a_line_a_face(tmp_path, monkeypatch, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    toy_run.make_run(tmp_path / "runs" / "demo")
    shutil.copy(load_portraits(3)[0].path, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)

    exec(compile(example, "README.md", "exec"), {})

    (line,) = capsys.readouterr().out.strip().splitlines()
    assert "FaceBox(" in line


def test_links_lead_to_files():
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)

    assert len(targets) > 10
    assert [t for t in targets if not (ROOT / t).exists()] == []


COMMANDS = sorted(
    {
        (cli.VERBS[verb][0], rest)
        for verb, rest in re.findall(r"\bfakeloc ([a-z-]+) ([^`\n]*)", README)
        if verb in cli.VERBS
    }
    | set(re.findall(r"python -m ((?:fakeloc_tf|pipelines)\.\w+) ([^`\n]*)", README))
)


@pytest.mark.parametrize(("module", "arguments"), COMMANDS)
def test_options_that_the_readme_shows_are_those_of_the_command(
    module, arguments, monkeypatch, capsys
):
    # Else long names are cut.
    monkeypatch.setenv("COLUMNS", "200")
    assert importlib.import_module(module).main(["--help"]) == 0
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", arguments.split(" | ")[0])) <= known
