"""What must be known of a model, besides its weights, to use it on a picture."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from fakeloc_tf import config as configuration
from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import Calibration

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class ModelInfo:
    """The facts that an export carries along as `fakeloc.json`.

    Attributes:
        name: of the experiment.
        image_size: side of the model's input in pixels.
        crop_size: side of the crops that the training records held; a crop is cut at
            this size and then brought to `image_size`, as in training.
        margin: factor on the face box (paper: 1.3).
        sigma: of the noise filter behind the training targets, grey levels.
        classes: names of the methods, index 0 = pristine.
        gamma: weights of the three maps (Eq. 8).
        threshold: a probability from here on is called manipulated.
        threshold_source: where the threshold comes from, for people.
        trained_on: folder name of the training records, for people.
        config_sha256: of the resolved configuration.
        temperature: T of probability = sigmoid(logit / T); it is in the model already.
        calibration_source: what the temperature was fitted on, for people; None = the
            probabilities are not calibrated.
        false_positive_rate: that the threshold was chosen for; None = for none.
    """

    name: str
    preset: str
    image_size: int
    crop_size: int
    margin: float
    sigma: float
    classes: tuple[str, ...]
    five_way: bool
    gamma: tuple[float, float, float]
    threshold: float
    threshold_source: str
    trained_on: str
    config_sha256: str
    # With defaults: exports that were made before there was a calibration have none.
    temperature: float = 1.0
    calibration_source: str | None = None
    false_positive_rate: float | None = None

    def with_threshold(self, threshold: float | None) -> ModelInfo:
        """The same with a threshold that the user gives; None changes nothing."""
        if threshold is None:
            return self
        if not 0.0 <= threshold <= 1.0:
            raise FakelocError(f"threshold {threshold}: must be between 0 and 1")
        return replace(
            self,
            threshold=threshold,
            threshold_source="given by the user",
            false_positive_rate=None,
        )

    def to_json(self) -> str:
        """JSON text that `from_json` reads back."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> ModelInfo:
        """Reads `fakeloc.json`.

        Raises:
            FakelocError: the file is missing or no such description.
        """
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
            for name in ("classes", "gamma"):
                values[name] = tuple(values[name])
            return cls(**values)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FakelocError(
                f"{path} does not describe a model ({error}); export it again with "
                "`python -m fakeloc_tf.export --run RUN --out DIR/1`"
            ) from error


def from_config(
    config: Config,
    metrics: dict[str, Any] | None = None,
    calibration: Calibration | None = None,
) -> ModelInfo:
    """The facts of a run.

    Args:
        config: the run's resolved configuration.
        metrics: of `load_run`.
        calibration: of the run; its threshold for a wanted false-positive rate comes
            before the `validation_threshold` of the metrics.
    """
    threshold, source = _threshold(metrics or {}, calibration)
    chosen = calibration.fpr if calibration else None
    return ModelInfo(
        name=config.name,
        preset=config.model.preset,
        image_size=config.model.image_size,
        crop_size=config.prepare.crop_size,
        margin=config.prepare.margin,
        sigma=config.prepare.sigma,
        classes=config.model.classes,
        five_way=config.model.five_way,
        gamma=config.model.gamma,
        threshold=threshold,
        threshold_source=source,
        trained_on=Path(config.data.records).as_posix(),
        config_sha256=configuration.config_sha256(config),
        temperature=calibration.temperature if calibration else 1.0,
        calibration_source=calibration.source if calibration else None,
        false_positive_rate=chosen.wanted if chosen else None,
    )


def _threshold(
    metrics: dict[str, Any], calibration: Calibration | None
) -> tuple[float, str]:
    """The threshold of the verdict and where it comes from."""
    if calibration and calibration.fpr:
        chosen = calibration.fpr
        low, high = chosen.interval_videos
        return chosen.threshold, (
            f"for at most {chosen.wanted:.2%} of real faces: {chosen.reached:.2%} of "
            f"{calibration.reals} validation reals, 95 % interval by their "
            f"{calibration.real_videos} videos {low:.2%} to {high:.2%}"
        )
    threshold = metrics.get("validation_threshold")
    if threshold is None:
        return DEFAULT_THRESHOLD, "default, not chosen on validation"
    return float(threshold), "chosen on the validation split"
