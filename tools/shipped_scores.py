"""How far the scores of two runs are apart on faces of the validation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from fakeloc_tf import config as configuration
from fakeloc_tf.data import dataset
from fakeloc_tf.data.targets import model_input
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.scorer import as_scorer, load_run

_BATCH = 16


@dataclass(frozen=True)
class ScoreChange:
    """Of the packaged model against the run, measured.

    Attributes:
        faces: how many validation faces; 0 to 1 for all others.
        largest_probability: largest change of a calibrated score.
        mean_probability: mean change of it.
        largest_map: largest change of a pixel of a map.
    """

    faces: int
    largest_probability: float
    mean_probability: float
    largest_map: float

    def to_json(self) -> dict[str, Any]:
        """For `packaged.json`."""
        return asdict(self)

    def __str__(self) -> str:
        return (
            f"on {self.faces} validation faces scores change by at most "
            f"{self.largest_probability:.1e} ({self.mean_probability:.1e} in the mean)"
            f", maps by at most {self.largest_map:.1e}"
        )


def score_change(run: Path, packaged: Path, count: int) -> ScoreChange | None:
    """Scores the same faces with both; None where the run's records are not there.

    Args:
        run: with the records that its config names.
        packaged: folder of the other one.
        count: faces, at most.
    """
    config = configuration.load(run / "config.yaml")
    try:
        faces = dataset.load_split(config.data.records, "val")
    except FakelocError:
        return None
    size = config.model.image_size
    batches = [
        images
        for images in faces.map(lambda face: model_input(face["image"], size))
        .take(count)
        .batch(_BATCH)
    ]
    old, new = (_scores(folder, batches) for folder in (run, packaged))
    change = np.abs(new["probability"] - old["probability"])
    maps = np.abs(new["localization"] - old["localization"])
    return ScoreChange(
        len(change), float(change.max()), float(change.mean()), float(maps.max())
    )


def _scores(run: Path, batches: list[tf.Tensor]) -> dict[str, np.ndarray]:
    """Probability [N, 1] and maps [N, S, S, 1]."""
    score = as_scorer(load_run(run)[0])
    scored = [score(images) for images in batches]
    return {
        name: np.concatenate([scores[name] for scores in scored])
        for name in ("probability", "localization")
    }
