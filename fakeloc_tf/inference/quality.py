"""What makes the score of a face less certain, as warnings for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fakeloc_tf.media.boxes import CropBox, FaceBox
from fakeloc_tf.media.face_measures import (
    detail_width,
    face_grey,
    light,
    mirror_symmetry,
)

# In the order in which the warnings of a face are listed.
CODES = (
    "small",
    "compressed",
    "blurred",
    "turned",
    "unsure_face",
    "dark",
    "overexposed",
    "cut_off",
)


@dataclass(frozen=True)
class QualityWarning:
    """One reason to trust a score less.

    Attributes:
        code: one of `CODES`.
        text: a sentence with the number and its meaning.
        doubt: whether it makes the verdict "not sure". The rates of the verdict hold
            for faces like those of the validation; what is told without a doubt was
            scored no worse in the study.
    """

    code: str
    text: str
    doubt: bool = True


@dataclass(frozen=True)
class Compression:
    """What the file tells of its compression; None = unknown.

    Attributes:
        jpeg_quality: 1..100, on libjpeg's scale.
        bits_per_pixel: of a video, mean over its frames.
    """

    jpeg_quality: int | None = None
    bits_per_pixel: float | None = None


@dataclass(frozen=True)
class QualityLimits:
    """From where on there is a warning.

    `tools/measure_quality.py` measures how many faces get each warning. "The study"
    below is a model of 112 pixels' input (86 for the face) on 480 crops of DFDC that
    it was not trained on; there, 18 to 24 % of the real ones are called manipulated.

    Attributes:
        width: of a face in pixels. At 80 the study calls 30 % of the real faces
            manipulated, at 64 35 %, at 48 45 to 50 %.
        jpeg_quality: the study's AUC is 0.82 to 0.83 for its JPEGs as they are, 0.79 to
            0.80 at 50, 0.76 to 0.77 at 20; fakes are missed.
        bits_per_pixel: of H.264. Of twenty videos coded anew 19 are below at CRF 40,
            none at CRF 23 (0.022 to 0.171). Other codecs need fewer bits.
        detail_width: pixels of detail in the face; see `media.face_measures`. The same
            as `width`: it is the same fault, only hidden by growing the picture.
        symmetry: of a face that dlib's side filters found; below it is turned. The
            filters alone also find faces that are turned a little: 42 of 444 official
            portraits.
        face_score: of dlib. 1 % of 444 official portraits are below. It does not tell
            why: turned, covered or badly lit.
        doubtful_face_score: the same, from where on it is a doubt. The AUC of crops of
            DFDC is 0.67 below 0.3, and 0.80 to 0.87 above; of faces whose lower half
            is covered the middle one has 0.43.
        bright: grey level of the highlights of a face; see `Light`. 545 official
            portraits have 122 and more; a quarter of the light leaves the study an
            AUC of 0.65.
        burnt: share of burnt-out pixels.
        outside: share of the face's box that the crop does not hold.
    """

    width: float = 64.0
    jpeg_quality: int = 50
    bits_per_pixel: float = 0.014
    detail_width: float = 64.0
    symmetry: float = 0.3
    face_score: float = 0.9
    doubtful_face_score: float = 0.5
    bright: float = 90.0
    burnt: float = 0.25
    outside: float = 0.25


DEFAULT_LIMITS = QualityLimits()


def face_warnings(
    image_uint8: np.ndarray,
    face: FaceBox,
    crop_box: CropBox,
    compression: Compression,
    limits: QualityLimits = DEFAULT_LIMITS,
) -> list[QualityWarning]:
    """Reasons to trust the score of a face less.

    Args:
        image_uint8: uint8 [H, W, 3] RGB, the whole picture or frame.
        face: as the detector found it, in pixels of the picture.
        crop_box: the square that the model sees.
        compression: of the file.
        limits: from where on there is a warning.

    Returns:
        At most one of each code, in the order of `CODES`; empty where all is well.
    """
    warnings = [
        *_of_numbers(face, crop_box, compression, limits),
        *_of_pixels(image_uint8, face, limits),
    ]
    return sorted(warnings, key=lambda warning: CODES.index(warning.code))


def are_doubts(warnings: Sequence[QualityWarning]) -> bool:
    """Whether the verdict must be "not sure"."""
    return any(warning.doubt for warning in warnings)


def track_warnings(
    frames: Sequence[Sequence[QualityWarning]],
) -> list[QualityWarning]:
    """The warnings that hold for more than half of a track's frames.

    Args:
        frames: the warnings of each frame that was scored.

    Returns:
        One of each such code, in the order of `CODES`, with the text of the frame in
        the middle of those that have it, and how many frames those are; a doubt where
        it is one in more than half of all frames.
    """
    counts = Counter(code for row in frames for code in {w.code for w in row})
    chosen = []
    for code in CODES:
        if 2 * counts[code] <= len(frames):
            continue
        found = [w for row in frames for w in row if w.code == code]
        text = f"In {counts[code]} of {len(frames)} frames: "
        text += found[len(found) // 2].text
        doubt = 2 * sum(w.doubt for w in found) > len(frames)
        chosen.append(QualityWarning(code, text, doubt))
    return chosen


def _of_numbers(
    face: FaceBox, square: CropBox, compression: Compression, limits: QualityLimits
) -> Iterator[QualityWarning]:
    """Warnings that need no pixels."""
    if face.width < limits.width:
        yield QualityWarning(
            "small",
            f"The face is {_below(face.width, 0)} pixels wide; below "
            f"{limits.width:.0f} the score is unreliable.",
        )
    quality, bits = compression.jpeg_quality, compression.bits_per_pixel
    if quality is not None and quality < limits.jpeg_quality:
        yield QualityWarning(
            "compressed",
            f"The JPEG has quality {quality}; below {limits.jpeg_quality} the traces "
            "that the model looks for are lost.",
        )
    elif bits is not None and bits < limits.bits_per_pixel:
        yield QualityWarning(
            "compressed",
            f"The video has {_below(bits, 3)} bits a pixel; below "
            f"{limits.bits_per_pixel:g} the traces that the model looks for are lost.",
        )
    if face.score < limits.face_score:
        yield QualityWarning(
            "unsure_face",
            f"The face detector scores this face {_below(face.score, 2)}; below "
            f"{limits.face_score:g} a face is often covered, turned or badly lit.",
            doubt=face.score < limits.doubtful_face_score,
        )
    outside = _share_outside(face, square)
    if outside > limits.outside:
        yield QualityWarning(
            "cut_off",
            f"{outside:.0%} of the face lies beyond the border of the picture.",
            doubt=False,
        )


def _of_pixels(
    image_uint8: np.ndarray, face: FaceBox, limits: QualityLimits
) -> Iterator[QualityWarning]:
    """Warnings that are measured on the face."""
    grey = face_grey(image_uint8, face)
    if grey is None:
        return
    detail = detail_width(grey)
    # A small face that is sharp is small, not blurred.
    if detail < min(limits.detail_width, 0.75 * face.width):
        yield QualityWarning(
            "blurred",
            f"The face is {face.width:.0f} pixels wide, but holds the detail of one "
            f"about {detail:.0f} pixels wide; below {limits.detail_width:.0f} the "
            "score is unreliable.",
        )
    if face.pose != "front" and mirror_symmetry(grey) < limits.symmetry:
        yield QualityWarning("turned", _turned(face.pose))
    lit = light(grey)
    if lit.bright < limits.bright:
        yield QualityWarning(
            "dark",
            f"The brightest parts of the face have grey level {lit.bright:.0f} of 255; "
            f"below {limits.bright:.0f} it is too dark to judge well.",
        )
    if lit.burnt > limits.burnt:
        yield QualityWarning(
            "overexposed",
            f"{lit.burnt:.0%} of the face is burnt out to white; above "
            f"{limits.burnt:.0%} too little of it is left to judge well.",
        )


def _turned(pose: str) -> str:
    """The sentence for a pose that is not `front`."""
    if pose == "tilted":
        how = "is tilted towards a shoulder"
    else:
        how = f"is turned to the {pose} of the picture"
    return f"The face {how}; the score is surest for faces seen from the front."


def _share_outside(face: FaceBox, square: CropBox) -> float:
    """Share of the face's box that the crop does not hold, 0..1."""
    width = min(face.right, square.right) - max(face.left, square.left)
    height = min(face.bottom, square.bottom) - max(face.top, square.top)
    if face.area <= 0:
        return 0.0
    return 1 - max(0.0, width) * max(0.0, height) / face.area


def _below(value: float, digits: int) -> str:
    """Rounded down, so that a number under a limit is not shown as the limit."""
    return f"{math.floor(value * 10**digits) / 10**digits:.{digits}f}"
