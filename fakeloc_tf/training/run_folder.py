"""The folder of a run: what it holds and where."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from fakeloc_tf import config as config_module
from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text

# What a resumed run may have otherwise than it was started with.
FREE_TO_CHANGE = {
    "strategy",
    "cpu_replicas",
    "accumulate",
    "checkpoint_every",
    "scalar_every",
    "image_every",
}
PACKAGES = ("fakeloc-tf", "tensorflow", "keras", "numpy", "opencv-python-headless")


class RunFolder:
    """Paths of a run: config, versions, checkpoints, TensorBoard, models, metrics."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.versions = path / "versions.json"
        self.tensorboard = path / "tensorboard"
        self.metrics = path / "metrics.json"
        self.step1_model = path / "step1.keras"
        self.best_model = path / "best.keras"

    def checkpoints(self, step: str) -> Path:
        """Folder of a training step's checkpoints."""
        return self.path / "checkpoints" / step

    def start(self, config: Config, resume: bool) -> None:
        """Makes the folder, or checks that it belongs to this config.

        Raises:
            FakelocError: it holds a run and `resume` is False; or another config's.
        """
        if self.config.exists():
            if not resume:
                raise FakelocError(
                    f"{self.path} holds a run; go on with --resume or choose another "
                    "folder with --run"
                )
            self._check_same(config)
            return
        # Versions alone are left of a start that was killed before it wrote the config.
        if self.path.exists() and set(self.path.iterdir()) - {self.versions}:
            raise FakelocError(f"{self.path} is not empty and holds no run; see --run")
        write_text(self.versions, json.dumps(_versions(), indent=2) + "\n")
        config_module.dump(config, self.config)

    def write_metrics(self, metrics: dict[str, Any]) -> None:
        """Writes `metrics.json`."""
        write_text(self.metrics, json.dumps(metrics, indent=2, sort_keys=True) + "\n")

    def _check_same(self, config: Config) -> None:
        """A resumed run keeps its config, but for what changes no result."""
        old = config_module.load(self.config)
        kept = old.training.model_dump(include=FREE_TO_CHANGE)
        training = config.training.model_copy(update=kept)
        if config.model_copy(update={"training": training}) != old:
            changed = _differences(old.model_dump(), config.model_dump())
            raise FakelocError(
                f"{self.path} was started with another config ({', '.join(changed)}); "
                "choose another folder with --run"
            )


def _differences(old: dict[str, Any], new: dict[str, Any], at: str = "") -> list[str]:
    """Dotted keys whose values differ."""
    found: list[str] = []
    for key in old:
        if isinstance(old[key], dict):
            found += _differences(old[key], new[key], f"{at}{key}.")
        elif old[key] != new[key]:
            found.append(f"{at}{key}: {old[key]!r} -> {new[key]!r}")
    return found


def _versions() -> dict[str, str]:
    """Versions of what computes, and the commit of the source where it is known."""
    versions = {"python": platform.python_version(), "machine": platform.platform()}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    root = Path(__file__).resolve().parents[2]
    try:
        git = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True
        )
        versions["git"] = git.stdout.strip() or "unknown"
    except OSError:
        versions["git"] = "unknown"
    return versions
