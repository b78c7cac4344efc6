"""schemathesis asks the service whatever its OpenAPI description allows, and more."""

import subprocess
import sys

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
pytest.importorskip("schemathesis")

# Random bytes are a body as described, and neither a picture nor a video.
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 413, 415, 422]
"""


def ask_anything(api, folder, *options):
    """What schemathesis found; fails where that is something."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file"]
    found = subprocess.run(
        [*command, folder / "schemathesis.toml", "run", f"{api.url}/openapi.json"]
        + ["--generation-deterministic", "--no-color", *options],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_service_does_as_it_is_described(api, tmp_path):
    said = ask_anything(api, tmp_path, "--phases=examples,coverage,fuzzing", "-n5")
    assert "Tested: 5" in said
    api.wait(lambda service: service.places.taken == 0)
    assert api.files() == []


@pytest.mark.slow
def test_the_service_does_as_it_is_described_at_length(api, tmp_path):
    ask_anything(api, tmp_path, "-n300")
    api.wait(lambda service: service.places.taken == 0)
    assert api.files() == []
