"""What `POST /v1/detect` answers: a line of `results.jsonl`, described for OpenAPI.

`inference/README.md` is the contract of a line. What speaks of the server's disk is
left out: `name`, `modified_ns`, paths of pictures. A key that is not described here is
a fault, not dropped in silence.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fakeloc_tf.inference.model_info import ModelInfo

Probability = Annotated[float, Field(ge=0, le=1)]
Verdict = Literal["likely_manipulated", "not_sure", "likely_real"]
Box = Annotated[
    tuple[float, float, float, float],
    Field(description="Left, top, right, bottom in pixels of the picture as shown."),
]
Interval = tuple[float, float]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Warned(_Part):
    """What makes a probability less reliable."""

    code: str
    text: str
    doubt: bool = Field(description="Whether it made the verdict `not_sure`.")


class _Seen(_Part):
    """What is known of a face in a picture or a frame."""

    box: Box
    crop_box: Box = Field(description="The square that the model saw.")
    face_score: float = Field(description="Of the face detector.")
    pose: str
    probability: Probability = Field(description="Of being manipulated.")
    manipulated_fraction: Probability = Field(
        description="Share of the crop where the map is 0.5 and more."
    )
    method_probabilities: dict[str, Probability] | None = None


class Face(_Seen):
    """One face."""

    face: int | None = Field(None, description="Its number in the picture.")
    track: int | None = Field(None, description="The person's id in the video.")
    verdict: Verdict
    warnings: list[Warned]
    mask_png: str | None = Field(
        None,
        description="Base64 of a grey PNG, 0..255, 255 = manipulated: the map of the "
        "crop. Resize it to `crop_box` and paste it there. With `masks=true`.",
        json_schema_extra={"contentEncoding": "base64"},
    )


class Peak(_Seen):
    """One of the frames in which a person's score is highest."""

    frame: int
    time: float


class Track(_Part):
    """One person of a video."""

    track: int
    frames: int
    first_time: float
    last_time: float
    probability: Probability
    verdict: Verdict
    warnings: list[Warned]
    manipulated_seconds: list[Interval] = Field(description="[from, to].")
    smoothed: list[Interval] = Field(description="[time, mean score around it].")
    peaks: list[Peak] | None = None


class Frame(_Part):
    """A frame that was looked at."""

    frame: int
    time: float = Field(description="Seconds from the first frame.")
    faces: list[Face]


class Answer(_Part):
    """What `fakeloc detect` says of a picture or a video."""

    path: str = Field(description="The file as the client calls it.")
    kind: Literal["image", "video"]
    sha256: str
    bytes: int
    status: Literal["ok", "no_face", "too_small"]
    note: str | None = None
    width: int
    height: int
    jpeg_quality: int | None = None
    fps: float | None = None
    frames_in_file: int | None = None
    seconds: float | None = None
    bits_per_pixel: float | None = None
    frames_scored: int | None = None
    probability: Probability | None = Field(
        None, description="The highest face or track; none where there is no face."
    )
    verdict: Verdict | None = None
    faces: list[Face] | None = Field(None, description="Of a picture.")
    aggregation: str | None = None
    tracks: list[Track] | None = Field(None, description="Of a video.")
    frames: list[Frame] | None = Field(None, description="Of a video.")


class Model(_Part):
    """The model that answers."""

    version: str = Field(description="Of fakeloc-tf.")
    engine: str
    sha256: str
    card: str | None = Field(
        description="Where the card of a shipped model is, in an installation."
    )
    info: ModelInfo
    meanings: dict[str, dict[str, str]] = Field(
        description="Of `face` and `video`: what each verdict means."
    )
    rates_hold_for: str


class Health(_Part):
    """Whether the service lives, or takes requests now."""

    ok: bool
    reasons: list[str] = Field(description="Why not.")
