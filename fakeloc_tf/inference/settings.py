"""What a call of `fakeloc detect` may be told about looking for faces."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakeloc_tf.inference.model_info import ModelInfo

# Finer than in preparation, where one known face fills the frame: dlib finds faces of
# about 80 pixels, here in 1080p.
FACE_SIDE = 1920
# Frames a second that are scored of a video.
FPS = 4.0
# Of a video; with a few hours of it every other file would wait for long.
MAX_MINUTES = 120.0
# Below this a face has too few pixels for the noise that the model looks at.
MIN_FACE_SIDE = 40


@dataclass(frozen=True)
class Settings:
    """How to look for faces; sent to the worker processes.

    Attributes:
        fps: frames a second that are scored of a video; None = every frame.
        face_side: see `detector.make_face_detector`.
        max_seconds: of a video, what comes later is not looked at, and its row says so.
        margin: factor on the face box, of the model.
        crop_size: side of the crops in pixels, of the model.
    """

    fps: float | None
    face_side: int
    max_seconds: float
    margin: float
    crop_size: int

    @classmethod
    def of_model(
        cls, info: ModelInfo, *, fps: float | None, face_side: int, max_seconds: float
    ) -> Settings:
        """For this model; see the attributes."""
        return cls(fps, face_side, max_seconds, info.margin, info.crop_size)

    def to_row(self) -> dict[str, Any]:
        """For `call.json`."""
        return asdict(self)
