"""`calibration.json` of a run: what turns its logits into calibrated probabilities.

It is a file of its own, since training writes `metrics.json` once, about the model as
it came out of training, while `fakeloc calibrate` may replace this one at any time.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256, write_text
from fakeloc_tf.metrics import check_aggregation

FILE = "calibration.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Errors(_Part):
    """Calibration errors of the faces that the temperature was fitted on.

    Attributes:
        nll: mean negative log-likelihood, nats.
        ece: see `metrics.expected_calibration_error`.
        brier: mean squared error.
    """

    nll: float
    ece: float
    brier: float


class RateThreshold(_Part):
    """A threshold for a wanted rate of errors in one class.

    It belongs to one of two sides. From the threshold of the false-positive rate on,
    scores are called manipulated; the errors are reals. Below the threshold of the
    false-negative rate, they are called real; the errors are fakes.

    Attributes:
        wanted: the highest rate of errors, a face (or a video) each.
        threshold: on the calibrated probability, or on the score of a video.
        reached: the rate on the validation reals or fakes, <= `wanted`.
        interval_faces: 95 % interval of the rate (Clopper-Pearson) if the faces were
            independent.
        interval_videos: the same if the faces of a video said no more than one of
            them; the truth is between the two. Of a rate of videos both are the same.
    """

    wanted: float = Field(gt=0, lt=1)
    threshold: float = Field(ge=0, le=1)
    reached: float
    interval_faces: tuple[float, float]
    interval_videos: tuple[float, float]


class VideoCalibration(_Part):
    """How the faces of a video become one score, and the thresholds on it.

    Attributes:
        aggregation: of `metrics.AGGREGATIONS`.
        auc: name of an aggregation → AUC of the validation videos; empty = too few of
            them to choose by.
        reals: real videos.
        fakes: fake videos.
        faces_per_video: mean number of faces in a video.
        fpr: threshold for a false-positive rate among the real videos; None = that of
            the faces is used, and no rate of videos is known.
        fnr: threshold for a false-negative rate among the fake videos; None likewise.
    """

    aggregation: str
    auc: dict[str, float]
    reals: int
    fakes: int
    faces_per_video: float
    fpr: RateThreshold | None
    fnr: RateThreshold | None

    @field_validator("aggregation")
    @classmethod
    def _known(cls, name: str) -> str:
        return check_aggregation(name)


class Calibration(_Part):
    """Temperature and thresholds of one model, and what they were fitted on.

    Attributes:
        temperature: T of probability = sigmoid(logit / T).
        at_bound: the likelihood wanted a T beyond the bounds.
        validation_threshold: best balanced accuracy, on the calibrated probability.
        fpr: the threshold for a wanted false-positive rate; None = too few reals.
        fnr: the threshold for a wanted false-negative rate, at most that of `fpr`;
            None = too few fakes, or of a time before there was one.
        video: how videos are scored; None = of a time before it was chosen.
        split: that it was fitted on.
        dataset: name of the records' data set.
        records_sha256: see `data.prepared.split_sha256`.
        model_sha256: of the `.keras` file.
        faces: that it was fitted on.
        reals: real faces among them.
        real_videos: videos that those are from.
        fake_videos: videos of the fake faces; None = not counted at the time.
        fake_share: the prior: probabilities hold where this share of faces is fake.
        before: at T = 1.
        after: at `temperature`.
        warnings: what a reader of the numbers should know.
    """

    temperature: float = Field(gt=0)
    at_bound: bool
    validation_threshold: float = Field(ge=0, le=1)
    fpr: RateThreshold | None
    fnr: RateThreshold | None = None
    video: VideoCalibration | None = None
    split: str
    dataset: str
    records_sha256: str
    model_sha256: str
    faces: int
    reals: int
    real_videos: int
    fake_videos: int | None = None
    fake_share: float
    before: Errors
    after: Errors
    warnings: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """What it was fitted on, for people."""
        return (
            f"temperature {self.temperature:.3f}, fitted on the split {self.split} of "
            f"{self.dataset}: {self.faces} faces, {self.fake_share:.0%} of them fake"
        )


def write_calibration(calibration: Calibration, run: Path) -> Path:
    """Writes `calibration.json` into a run: whole, or not at all. Returns its path."""
    path = run / FILE
    write_text(path, calibration.model_dump_json(indent=2) + "\n")
    return path


def read_calibration(model: str | os.PathLike[str]) -> Calibration | None:
    """The calibration of a model.

    Args:
        model: run folder, or a `.keras` file in it.

    Returns:
        None where there is no `calibration.json`.

    Raises:
        FakelocError: the file is broken, or is of other weights.
    """
    model = Path(model)
    weights = model if model.suffix == ".keras" else model / "best.keras"
    path = weights.parent / FILE
    if not path.is_file():
        return None
    again = "fit it again with `fakeloc calibrate`, or delete it"
    try:
        calibration = Calibration.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FakelocError(f"{path} cannot be read ({error}); {again}") from error
    if calibration.model_sha256 != file_sha256(weights):
        raise FakelocError(f"{path} is of other weights than {weights}; {again}")
    return calibration


def calibration_sha256(run: Path) -> str | None:
    """Hash of a run's `calibration.json`, which its probabilities depend on too."""
    path = run / FILE
    return file_sha256(path) if path.is_file() else None
