"""A training run → what must be known of its model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fakeloc_tf.config import Config, config_sha256
from fakeloc_tf.inference.known_rates import verdict_fields
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.models.calibration import Calibration, read_calibration
from fakeloc_tf.training.provenance import people_trained_on

DEFAULT_THRESHOLD = 0.5


def info_of_run(
    run: str | os.PathLike[str], config: Config, metrics: dict[str, Any]
) -> ModelInfo:
    """The facts of a run, with its calibration and the number of people.

    Args:
        run: its folder, or the `.keras` file in it.
        config, metrics: as `load_run` gave them.
    """
    return from_config(config, metrics, read_calibration(run), people_trained_on(run))


def from_config(
    config: Config,
    metrics: dict[str, Any] | None = None,
    calibration: Calibration | None = None,
    people: int | None = None,
) -> ModelInfo:
    """The facts of a run.

    Args:
        config: the run's resolved configuration.
        metrics: of `load_run`.
        calibration: of the run; its threshold for a wanted false-positive rate comes
            before the `validation_threshold` of the metrics.
        people: that it was trained on, if known.
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
        trained_on=_training(config, people),
        config_sha256=config_sha256(config),
        temperature=calibration.temperature if calibration else 1.0,
        calibration_source=calibration.source if calibration else None,
        false_positive_rate=chosen.wanted if chosen else None,
        **(verdict_fields(calibration) if calibration else {}),
    )


def _training(config: Config, people: int | None) -> str:
    """Name of the training's data set, and how many people are in it.

    Folders of records are called `records` in the one of their data set; where that
    one lies is nothing for strangers. Where faces are made of portraits, the folders
    of those are named.
    """
    folder = Path(config.data.records)
    name = folder.parent.name if folder.name == "records" else folder.name
    text = name or folder.name
    if config.data.made.portraits:
        sets = (Path(portraits).name for portraits in config.data.made.portraits)
        text = f"faces made of the portraits {', '.join(sets)}"
    if people is not None:
        text += f", {people} {'person' if people == 1 else 'people'}"
    if config.data.methods:
        text += f", only the fakes of {', '.join(config.data.methods)}"
    return text


def _threshold(
    metrics: dict[str, Any], calibration: Calibration | None
) -> tuple[float, str]:
    """The threshold of the verdict and where it comes from."""
    if calibration and calibration.fpr:
        chosen = calibration.fpr
        low, high = chosen.interval_videos
        return chosen.threshold, (
            f"for at most {chosen.wanted:.2%} of real faces: {chosen.reached:.2%} of "
            f"{calibration.reals} validation reals, 95% interval by their "
            f"{calibration.real_videos} videos {low:.2%} to {high:.2%}"
        )
    threshold = metrics.get("validation_threshold")
    if threshold is None:
        return DEFAULT_THRESHOLD, "default, not chosen on validation"
    return float(threshold), "chosen on the validation split"
