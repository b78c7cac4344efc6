"""`Detector`: a picture in, a score and a map for each face out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from fakeloc_tf.data.targets import model_input
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media import faces as face_media
from fakeloc_tf.media.faces import CropBox, DlibDetector, FaceBox, FaceDetector
from fakeloc_tf.models.scorer import Scorer

MANIPULATED = "manipulated"
REAL = "real"
# Finer than in preparation, where one known face fills the frame: dlib finds faces of
# about 80 pixels, here in 1080p, in 0.4 s a frame (1280 × 720: 0.15 s).
FACE_SIDE = 1920


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


@dataclass(frozen=True)
class FaceResult:
    """What the model says of one face.

    Attributes:
        box: of the face detector, pixels of the frame.
        crop_box: the square that the model saw, pixels of the frame.
        probability: of being manipulated, 0..1, as the model gives it (uncalibrated).
        verdict: `manipulated` or `real`, by the detector's threshold.
        manipulated_fraction: share of the crop where the map is 0.5 or more.
        localization: float32 [S, S] in 0..1, the map of the crop (Eq. 8).
        method_probabilities: by name of the method, from a five-way model.
    """

    box: FaceBox
    crop_box: CropBox
    probability: float
    verdict: str
    manipulated_fraction: float
    localization: np.ndarray
    method_probabilities: dict[str, float] | None


def make_face_detector(face_side: int = FACE_SIDE) -> FaceDetector:
    """dlib's detector for looking closely.

    Args:
        face_side: a frame's longer side is shrunk to this, and grown to at most this
            where nothing was found.
    """
    return DlibDetector(max_side=face_side, second_side=face_side)


class Detector:
    """Finds faces, crops them as the training records were, and scores them."""

    def __init__(
        self,
        score: Scorer,
        info: ModelInfo,
        *,
        face_detector: FaceDetector | None = None,
        batch_size: int = 16,
    ) -> None:
        """Puts a scoring function and its description together.

        Args:
            score: see `loading.load_model`.
            info: sizes, margin, threshold, classes.
            face_detector: None = dlib's, on frames of at most `FACE_SIDE`.
            batch_size: faces that the model gets at once.
        """
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be >= 1. Received: {batch_size}")
        self.info = info
        self.batch_size = batch_size
        self._score = score
        self._faces = face_detector or make_face_detector()

    @classmethod
    def load(
        cls,
        model: str | os.PathLike[str],
        *,
        threshold: float | None = None,
        face_detector: FaceDetector | None = None,
        batch_size: int = 16,
    ) -> Detector:
        """Loads a run folder, a `.keras` file or an export.

        Args:
            model: see `loading.load_model`.
            threshold: None = the one that was chosen on validation, else 0.5.

        Raises:
            FakelocError: there is no model at `model`.
        """
        score, info = load_model(model)
        info = info.with_threshold(threshold)
        return cls(score, info, face_detector=face_detector, batch_size=batch_size)

    def find_faces(self, image_uint8: np.ndarray) -> list[FaceBox]:
        """Faces in uint8 [H, W, 3] RGB, the largest first."""
        return self._faces.detect(image_uint8)

    def detect(self, image_uint8: np.ndarray) -> list[FaceResult]:
        """Finds and scores every face of uint8 [H, W, 3] RGB."""
        boxes = self.find_faces(image_uint8)
        return self.score_boxes([image_uint8], [boxes])[0]

    def score_boxes(
        self, images_uint8: Sequence[np.ndarray], boxes: Sequence[Sequence[FaceBox]]
    ) -> list[list[FaceResult]]:
        """Scores known faces; batches reach across the images.

        Args:
            images_uint8: uint8 [H, W, 3] RGB each.
            boxes: the faces of each image.

        Returns:
            The results of each image, in the order of its boxes.
        """
        height_width = [image.shape[:2] for image in images_uint8]
        squares = [
            [face_media.crop_box(face, self.info.margin, *size) for face in faces]
            for size, faces in zip(height_width, boxes, strict=True)
        ]
        crops = [
            face_media.crop(image, square, self.info.crop_size)
            for image, row in zip(images_uint8, squares, strict=True)
            for square in row
        ]
        if not crops:
            return [[] for _ in images_uint8]
        scores = self.detect_faces(np.stack(crops))
        results, done = [], 0
        for faces, row in zip(boxes, squares, strict=True):
            pairs = enumerate(zip(faces, row, strict=True), start=done)
            results.append([self._result(scores, i, *pair) for i, pair in pairs])
            done += len(row)
        return results

    def detect_faces(self, crops_uint8: np.ndarray) -> FaceScores:
        """Scores face crops.

        Args:
            crops_uint8: uint8 [N, H, W, 3] RGB, N >= 1; brought to the model's size.
        """
        if crops_uint8.dtype != np.uint8 or crops_uint8.ndim != 4:
            raise ValueError(
                "`crops_uint8` must be uint8 [N, H, W, 3]. Received: "
                f"{crops_uint8.dtype} {crops_uint8.shape}"
            )
        size = self.batch_size
        batches = [
            self._score(model_input(crops_uint8[at : at + size], self.info.image_size))
            for at in range(0, len(crops_uint8), size)
        ]
        names = batches[0].keys()
        merged = {name: tf.concat([b[name] for b in batches], 0) for name in names}
        methods = merged.get("method_probabilities")
        return FaceScores(
            probability=merged["probability"].numpy()[:, 0],
            localization=merged["localization"].numpy()[..., 0],
            method_probabilities=None if methods is None else methods.numpy(),
        )

    def verdict(self, probability: float) -> str:
        """`manipulated` from the threshold on, else `real`."""
        return MANIPULATED if probability >= self.info.threshold else REAL

    def _result(
        self, scores: FaceScores, index: int, box: FaceBox, square: CropBox
    ) -> FaceResult:
        """The face at `index` of a batch."""
        probability = float(scores.probability[index])
        localization = scores.localization[index]
        methods = scores.method_probabilities
        return FaceResult(
            box=box,
            crop_box=square,
            probability=probability,
            verdict=self.verdict(probability),
            manipulated_fraction=float(np.mean(localization >= 0.5)),
            localization=localization,
            method_probabilities=None
            if methods is None
            else dict(zip(self.info.classes, methods[index].tolist(), strict=True)),
        )
