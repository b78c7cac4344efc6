"""What the figures belong to; no path of this machine."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from run_files import commit_of

from fakeloc_tf import config as config_module
from fakeloc_tf.evaluation import bootstrap
from fakeloc_tf.files import file_sha256


def facts(run: Path) -> dict[str, Any]:
    """Date, machine, versions, and how the run was made.

    Args:
        run: folder with `config.yaml`, `best.keras` and `versions.json`.
    """
    config = config_module.load(run / "config.yaml")
    continued = _is_continued(config.training.step1_from)
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores ({platform.machine()})",
        "versions": {p: metadata.version(p) for p in ("keras", "tensorflow")},
        "commit": commit_of(run),
        "run": config.name,
        "seed": config.training.seed,
        "model_sha256": file_sha256(run / "best.keras"),
        "image_size": config.model.image_size,
        "crop_size": config.prepare.crop_size,
        "backbone": config.model.backbone.name,
        "epochs": config.training.step2.epochs if continued else config.passes,
        "continued": continued,
        "pairs_an_epoch": config.data.made.pairs,
        "resamples": bootstrap.RESAMPLES,
        "bootstrap_seed": bootstrap.SEED,
    }


def _is_continued(step1_from: str | Path | None) -> bool:
    """Whether a run began with a model that step 2 had trained before."""
    path = Path(step1_from or "step1.keras")
    return path.suffix == ".keras" and path.name != "step1.keras"
