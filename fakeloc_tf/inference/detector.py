"""`Detector`: a picture in, a score and a map for each face out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fakeloc_tf import shipped
from fakeloc_tf.inference.engines.contract import CropScorer
from fakeloc_tf.inference.finding import FoundFace, cut_faces, make_face_detector
from fakeloc_tf.inference.following import large_enough
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.quality import Compression, QualityWarning, are_doubts
from fakeloc_tf.inference.settings import FACE_SIDE, MIN_FACE_SIDE
from fakeloc_tf.inference.verdict import verdict
from fakeloc_tf.media.faces import CropBox, FaceBox, FaceDetector


@dataclass(frozen=True)
class FaceScores:
    """Scores of a batch of crops.

    Attributes:
        probability: float32 [N] in 0..1, of being manipulated.
        localization: float32 [N, S, S] in 0..1, 1 = manipulated (Eq. 8).
        method_probabilities: float32 [N, classes], or None.
    """

    probability: np.ndarray
    localization: np.ndarray
    method_probabilities: np.ndarray | None

    def part(self, at: int, count: int) -> FaceScores:
        """The scores of `count` faces from `at` on."""
        methods, part = self.method_probabilities, slice(at, at + count)
        return FaceScores(
            probability=self.probability[part],
            localization=self.localization[part],
            method_probabilities=None if methods is None else methods[part],
        )


@dataclass(frozen=True)
class FaceResult:
    """What the model says of one face.

    Attributes:
        box: of the face detector, pixels of the picture.
        crop_box: the square that the model saw, pixels of the picture.
        probability: of being manipulated, 0..1; calibrated where the model is.
        verdict: `likely_manipulated`, `likely_real` or `not_sure` (`verdict.verdict`).
        warnings: what makes the probability less reliable.
        manipulated_fraction: share of the crop where the map is 0.5 or more.
        localization: float32 [S, S] in 0..1, the map of the crop (Eq. 8); `paste` of
            `media.boxes` puts it back into the picture.
        method_probabilities: by name of the method, from a five-way model.
    """

    box: FaceBox
    crop_box: CropBox
    probability: float
    verdict: str
    warnings: tuple[QualityWarning, ...]
    manipulated_fraction: float
    localization: np.ndarray
    method_probabilities: dict[str, float] | None


class Detector:
    """Finds faces, crops them as the training records were, and scores them.

    Attributes:
        info: sizes, margin, thresholds, classes of the model.
        batch_size: faces that the model gets at once.
    """

    def __init__(
        self,
        model: shipped.Given = None,
        *,
        threshold: float | None = None,
        face_detector: FaceDetector | None = None,
        batch_size: int = 16,
    ) -> None:
        """Loads the shipped model, a run folder, a `.keras` file or an export.

        Args:
            model: see `loading.load_model`; None = the shipped one.
            threshold: from here on a face is likely manipulated; None = the one that
                was chosen on validation, else 0.5.
            face_detector: None = dlib's, on pictures of at most `FACE_SIDE`.
            batch_size: faces that the model gets at once, >= 1.

        Raises:
            FakelocError: there is no such model.
        """
        score, info = load_model(model)
        info = info.with_threshold(threshold)
        self._set_up(score, info, face_detector, batch_size)

    @classmethod
    def of_scorer(
        cls,
        score: CropScorer,
        info: ModelInfo,
        *,
        face_detector: FaceDetector | None = None,
        batch_size: int = 16,
    ) -> Detector:
        """A detector of a scoring function of one's own and its description."""
        self = cls.__new__(cls)
        self._set_up(score, info, face_detector, batch_size)
        return self

    def _set_up(
        self,
        score: CropScorer,
        info: ModelInfo,
        face_detector: FaceDetector | None,
        batch_size: int,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be >= 1. Received: {batch_size}")
        self.info = info
        self.batch_size = batch_size
        self._score = score
        self._faces = face_detector or make_face_detector(FACE_SIDE)

    def detect(
        self, image_uint8: np.ndarray, *, jpeg_quality: int | None = None
    ) -> list[FaceResult]:
        """Finds and scores every face of a picture.

        Args:
            image_uint8: uint8 [H, W, 3] RGB.
            jpeg_quality: of the file it is from (`media.compression`), if known: strong
                compression is among the warnings.

        Returns:
            The faces of at least `MIN_FACE_SIDE` pixels, the largest first.
        """
        boxes = large_enough(self._faces.detect(image_uint8), MIN_FACE_SIDE)
        compression = Compression(jpeg_quality=jpeg_quality)
        found = cut_faces(
            image_uint8, boxes, self.info.margin, self.info.crop_size, compression
        )
        if not found:
            return []
        scores = self.detect_faces(np.stack([face.crop_uint8 for face in found]))
        return [face_result(self.info, f, scores, i) for i, f in enumerate(found)]

    def detect_faces(self, crops_uint8: np.ndarray) -> FaceScores:
        """Scores face crops.

        Args:
            crops_uint8: uint8 [N, C, C, 3] RGB, N >= 1, C = `info.crop_size`.
        """
        if crops_uint8.dtype != np.uint8 or crops_uint8.ndim != 4:
            raise ValueError(
                "`crops_uint8` must be uint8 [N, H, W, 3]. Received: "
                f"{crops_uint8.dtype} {crops_uint8.shape}"
            )
        size = self.batch_size
        batches = [
            self._score(crops_uint8[at : at + size])
            for at in range(0, len(crops_uint8), size)
        ]
        names = batches[0].keys()
        merged = {name: np.concatenate([b[name] for b in batches]) for name in names}
        return FaceScores(
            probability=merged["probability"][:, 0],
            localization=merged["localization"][..., 0],
            method_probabilities=merged.get("method_probabilities"),
        )


def face_result(
    info: ModelInfo, face: FoundFace, scores: FaceScores, index: int
) -> FaceResult:
    """What the model says of a face that was found.

    Args:
        info: of the model.
        face: as it was found.
        scores: of a batch.
        index: of the face in the batch.
    """
    probability = float(scores.probability[index])
    localization = scores.localization[index]
    methods = scores.method_probabilities
    named = None
    if methods is not None:
        named = dict(zip(info.classes, methods[index].tolist(), strict=True))
    doubted = are_doubts(face.warnings)
    return FaceResult(
        box=face.box,
        crop_box=face.crop_box,
        probability=probability,
        verdict=verdict(probability, info.thresholds(), doubted=doubted),
        warnings=face.warnings,
        manipulated_fraction=float(np.mean(localization >= 0.5)),
        localization=localization,
        method_probabilities=named,
    )
