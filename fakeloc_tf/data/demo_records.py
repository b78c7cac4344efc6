"""The demo set, made and prepared when a run asks for it and it is missing."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from fakeloc_tf import config as config_module
from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError

log = logging.getLogger(__name__)


def ensure_demo_records(config: Config) -> None:
    """Builds the demo's videos and records where the config wants them, once.

    The preparation is a process of its own: the package does not import Beam.

    Raises:
        FakelocError: the preparation failed or is not installed.
    """
    records = Path(config.data.records)
    if not config.data.demo or (records / "dataset.json").exists():
        return
    videos = records.parent / "ffpp_layout"
    if not (videos / "demo.json").exists():
        log.info("%s is missing: writing the demo videos to %s", records, videos)
        frames = max(config.prepare.frames_train, config.prepare.frames_eval)
        _call(
            "fakeloc_tf.demo_data",
            f"--out={videos}",
            f"--frames={frames}",
            f"--qualities={config.data.quality}",
        )
    log.info("preparing %s -> %s", videos, records)
    with tempfile.TemporaryDirectory() as folder:
        yaml_file = Path(folder) / "config.yaml"
        config_module.dump(config, yaml_file)
        _call(
            "pipelines.prepare",
            f"--config={yaml_file}",
            f"--input={videos}",
            f"--out={records}",
            f"--quality={config.data.quality}",
        )


def _call(module: str, *arguments: str) -> None:
    """Runs `python -m module arguments…`; its output is the user's to see."""
    command = [sys.executable, "-m", module, *arguments]
    if subprocess.run(command).returncode:
        raise FakelocError(
            f"`{' '.join(command)}` failed; its message is above. The preparation "
            "needs the extra `pipelines`: pip install 'fakeloc-tf[pipelines]'"
        )
