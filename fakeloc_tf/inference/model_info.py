"""What must be known of a model, besides its weights, to use it on a picture."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.info_checks import check_info
from fakeloc_tf.inference.known_rates import KnownRate
from fakeloc_tf.inference.verdict import Thresholds
from fakeloc_tf.inference.verdict_text import meanings
from fakeloc_tf.metrics.aggregation import DEFAULT, check_aggregation

What = Literal["face", "video"]


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
        threshold: a probability of a face from here on is likely manipulated.
        threshold_source: where the threshold comes from, for people.
        trained_on: data set of the training, for people.
        config_sha256: of the resolved configuration.
        temperature: T of probability = sigmoid(logit / T); it is in the model already.
        calibration_source: what the temperature was fitted on, for people; None = the
            probabilities are not calibrated.
        false_positive_rate: that the threshold was chosen for; None = for none.
        real_threshold: a probability below is likely real, see `thresholds`; None = no
            rate of errors is known for any.
        false_negative_rate: that `real_threshold` was chosen for; None = for none.
        aggregation: of the faces of a track to its score, see `metrics.aggregate`.
        video_threshold: as `threshold`, of the score of a video; None = that of faces.
        video_real_threshold: as `real_threshold`; None = that of faces.
        rates: how often the verdict was wrong on validation: `face_manipulated`,
            `face_real`, `video_manipulated`, `video_real`; one that is not known is
            not there.
        calibrated_on: name of the data set of the validation faces; None = not known.
        quantization: of the weights of an export for LiteRT: `none`, `float16` or
            `dynamic_range`.
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
    # Exports of before there were three verdicts have none of these either.
    real_threshold: float | None = None
    false_negative_rate: float | None = None
    aggregation: str = DEFAULT
    video_threshold: float | None = None
    video_real_threshold: float | None = None
    rates: dict[str, KnownRate] = field(default_factory=dict)
    calibrated_on: str | None = None
    quantization: str = "none"

    def thresholds(self) -> Thresholds:
        """Of the verdict on a face.

        Where no rate of errors is known, because the model is not calibrated or the
        user gave the threshold, one threshold divides both sides, and `meanings` says
        that no rate is known. Where only the rate among reals is known, nothing is
        called real: a threshold that few reals reach may leave most fakes below it.
        """
        real = self.real_threshold
        if real is None and self.false_positive_rate is None:
            real = self.threshold
        return _ordered(self.threshold, real)

    def video_thresholds(self) -> Thresholds:
        """Of the verdict on a track or a video; those of faces for unknown ones."""
        faces = self.thresholds()
        upper, lower = self.video_threshold, self.video_real_threshold
        return _ordered(
            faces.manipulated if upper is None else upper,
            faces.real if lower is None else lower,
        )

    def meanings(self, what: What = "face") -> dict[str, str]:
        """Verdict → what it means, with the rate of errors where it is known.

        Args:
            what: `face`, or `video` for tracks and videos.
        """
        chosen = self.thresholds() if what == "face" else self.video_thresholds()
        return meanings(
            chosen,
            self.rates.get(f"{what}_manipulated"),
            self.rates.get(f"{what}_real"),
            what=what,
        )

    def rates_hold_for(self) -> str:
        """On what the rates of `meanings` were measured, in a sentence or two."""
        if not self.rates:
            return (
                f"No rate of errors is known: the threshold is {self.threshold_source}."
            )
        return (
            "The rates were measured on validation faces of "
            f"{self.calibrated_on or 'data that is not named'}; on pictures of another "
            "kind, or of other methods of manipulation, they can be much higher. They "
            "are those of one person: the more people a file shows, the more often one "
            "of them is called manipulated by mistake."
        )

    def with_threshold(self, threshold: float | None) -> ModelInfo:
        """The same with a threshold that the user gives; None changes nothing.

        It is that of faces and of videos. Thresholds for `LIKELY_REAL` above it are
        lowered to it. Rates of a threshold that has changed are not known any more.
        """
        if threshold is None:
            return self
        if not 0.0 <= threshold <= 1.0:
            raise FakelocError(f"threshold {threshold}: must be between 0 and 1")
        real, video_real = (
            None if side is None else min(side, threshold)
            for side in (self.real_threshold, self.video_real_threshold)
        )
        same = real == self.real_threshold
        kept = {"face_real"} if same else set()
        if video_real == self.video_real_threshold:
            kept.add("video_real")
        return replace(
            self,
            threshold=threshold,
            threshold_source="given by the user",
            false_positive_rate=None,
            real_threshold=real,
            false_negative_rate=self.false_negative_rate if same else None,
            video_threshold=None,
            video_real_threshold=video_real,
            rates={name: rate for name, rate in self.rates.items() if name in kept},
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
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise _not_described(path, error) from error
        return cls.from_text(text, path)

    @classmethod
    def from_text(cls, text: str, source: str | os.PathLike[str]) -> ModelInfo:
        """Reads what `to_json` gave.

        Args:
            text: JSON.
            source: how errors name where it is from.

        Raises:
            FakelocError: it is no such description.
        """
        try:
            values = json.loads(text)
            for name in ("classes", "gamma"):
                values[name] = tuple(values[name])
            rates = values.get("rates", {})
            values["rates"] = {name: KnownRate(**rate) for name, rate in rates.items()}
            check_aggregation(values.get("aggregation", DEFAULT))
            info = cls(**values)
            check_info(info)
            return info
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise _not_described(source, error) from error


def _not_described(source: str | os.PathLike[str], error: Exception) -> FakelocError:
    return FakelocError(
        f"{source} does not describe a model ({error}); export it again with "
        "`fakeloc export --run RUN --out DIR`"
    )


def _ordered(manipulated: float, real: float | None) -> Thresholds:
    """The real side not above the manipulated one."""
    return Thresholds(manipulated, None if real is None else min(real, manipulated))
