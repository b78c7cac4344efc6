"""Fits the calibration of a model on its validation faces."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf import metrics
from fakeloc_tf.data.prepared import dataset_info, split_sha256
from fakeloc_tf.data.source import video_names
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256
from fakeloc_tf.models import calibration as stored
from fakeloc_tf.models.calibration import Calibration, Errors
from fakeloc_tf.training.rate_thresholds import (
    FoundRates,
    WantedRates,
    rate_thresholds,
)
from fakeloc_tf.training.run_folder import RunFolder
from fakeloc_tf.training.temperature import BOUND, exact_nll, fit_temperature
from fakeloc_tf.training.training_data import TrainingData
from fakeloc_tf.training.validation import Watch
from fakeloc_tf.training.video_calibration import calibrate_videos

log = logging.getLogger(__name__)

SPLIT = "val"
# With fewer of a class, chance decides about the temperature.
LEAST_OF_A_CLASS = 10


@dataclass(frozen=True)
class ScoredFaces:
    """The validation faces, in the order of the records.

    Attributes:
        labels: [N]; 1 = fake.
        logits: float [N], of the model at T = 1.
        records: prepared folder that they are of, split `val`.
        classes: indices of the classes that they are of; None = all.
    """

    labels: np.ndarray
    logits: np.ndarray
    records: Path
    classes: Sequence[int] | None = None


def fit_calibration(
    faces: ScoredFaces, model: Path, wanted: WantedRates
) -> Calibration:
    """Temperature, thresholds on the calibrated probability, and what they rest on.

    Args:
        faces: of the validation split.
        model: the `.keras` file that scored them.
        wanted: rates of errors.

    Raises:
        FakelocError: too few faces of a class, logits that are not finite, or a
            required rate that cannot be shown.
    """
    labels = np.asarray(faces.labels).astype(bool).reshape(-1)
    logits = np.asarray(faces.logits, np.float64).reshape(-1)
    _check(labels, logits, faces.records)
    videos = video_names(faces.records, SPLIT, faces.classes)
    temperature = fit_temperature(labels, logits)
    probability = metrics.scaled_probability(logits, temperature.value)
    balanced = metrics.balanced_threshold(labels, probability)
    found = rate_thresholds(labels, probability, videos, wanted, balanced)
    manipulated = found.fpr.threshold if found.fpr else balanced
    # What the faces cannot show, their fewer videos cannot either.
    shown = WantedRates(
        wanted.fpr if found.fpr else None, wanted.fnr if found.fnr else None
    )
    video, said = calibrate_videos(labels, probability, videos, shown, manipulated)
    counts = tuple(len(np.unique(videos[of])) for of in (~labels, labels))
    return Calibration(
        temperature=temperature.value,
        at_bound=temperature.at_bound,
        validation_threshold=balanced,
        fpr=found.fpr,
        fnr=found.fnr,
        video=video,
        split=SPLIT,
        dataset=dataset_info(faces.records)["name"],
        records_sha256=split_sha256(faces.records, SPLIT),
        model_sha256=file_sha256(model),
        faces=len(labels),
        reals=int((~labels).sum()),
        real_videos=counts[0],
        fake_videos=counts[1],
        fake_share=float(labels.mean()),
        before=_errors(labels, logits, 1.0),
        after=_errors(labels, logits, temperature.value),
        warnings=_warnings(temperature.at_bound, found, counts) + said,
    )


def conclude(
    run: RunFolder,
    watch: Watch,
    data: TrainingData,
    wanted: WantedRates,
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Validates the best model; writes `metrics.json` and `calibration.json`.

    Args:
        run: its folder.
        watch: of its `best.keras`.
        data: that it validates on.
        wanted: rates of errors; left out where there are too few faces.
        provenance: what `metrics.json` says besides the results.

    Returns:
        The results as written to `metrics.json`, of the model at T = 1; so is their
        `validation_threshold`.
    """
    results: dict[str, Any] = watch.results() | dict(provenance)
    results["validation_threshold"] = metrics.balanced_threshold(
        watch.faces["target"], watch.faces["probability"]
    )
    run.write_metrics(results)
    faces = ScoredFaces(
        watch.faces["target"], watch.faces["logit"], data.records, data.classes
    )
    _calibrate(run.best_model, faces, wanted)
    return results


def _calibrate(model: Path, scored: ScoredFaces, wanted: WantedRates) -> None:
    """Writes the calibration beside a model, or warns: no training fails for it.

    One that is there for these weights stays: it may be of `fakeloc calibrate`.
    """
    if _is_calibrated(model):
        log.info("%s of these weights is kept", model.parent / stored.FILE)
        return
    try:
        fitted = fit_calibration(scored, model, wanted)
    except FakelocError as error:
        log.warning("%s", error)
        log.warning("%s is not calibrated", model)
        # One of an earlier model would be of other weights.
        (model.parent / stored.FILE).unlink(missing_ok=True)
        return
    stored.write_calibration(fitted, model.parent)
    log.info("%s", fitted.source)
    for text in fitted.warnings:
        log.warning("%s", text)


def _is_calibrated(model: Path) -> bool:
    """Whether a calibration of these weights can be read."""
    try:
        return stored.read_calibration(model) is not None
    except FakelocError:
        return False


def _check(labels: np.ndarray, logits: np.ndarray, records: Path) -> None:
    """Raises a FakelocError unless a temperature can be fitted."""
    fakes = int(labels.sum())
    if min(fakes, len(labels) - fakes) < LEAST_OF_A_CLASS:
        raise FakelocError(
            f"{records}: the split {SPLIT!r} has {len(labels) - fakes} real and "
            f"{fakes} fake faces; a temperature needs {LEAST_OF_A_CLASS} of each"
        )
    broken = int((~np.isfinite(logits)).sum())
    if broken:
        raise FakelocError(
            f"{records}: the model's logits of {broken} faces of the split {SPLIT!r} "
            "are not finite; train it again, with a lower learning rate"
        )


def _errors(labels: np.ndarray, logits: np.ndarray, temperature: float) -> Errors:
    """NLL, ECE and Brier score at a temperature."""
    probability = metrics.scaled_probability(logits, temperature)
    found = metrics.calibration_errors(labels, probability)
    # From the logits: exactly what the temperature was fitted on.
    return Errors(**found | {"nll": exact_nll(labels, logits, temperature)})


def _warnings(
    at_bound: bool, found: FoundRates, videos: tuple[int, ...]
) -> tuple[str, ...]:
    """What a reader of the numbers should know; `videos` of the reals, of the fakes."""
    said = list(found.missing)
    if at_bound:
        said.append(
            f"the likelihood wants a temperature beyond 1/{BOUND:g} to {BOUND:g}: the "
            "validation faces are told apart without a mistake, or no better than by "
            "chance; more of them are needed"
        )
    sides = (("real", "positive", found.fpr), ("fake", "negative", found.fnr))
    for (kind, name, chosen), count in zip(sides, videos, strict=True):
        if chosen is not None and count * chosen.wanted < 1:
            said.append(
                f"the {kind}s are of {count} videos, too few to know a false-{name} "
                f"rate of {chosen.wanted:g}: frames of one video resemble each other"
            )
    return tuple(said)
