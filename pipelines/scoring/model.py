"""The detector for Beam's RunInference."""

from __future__ import annotations

import atexit
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from apache_beam.ml.inference.base import ModelHandler

from fakeloc_tf.inference.detector import Detector
from pipelines.scoring.chunks import Chunk, ScoredChunk
from pipelines.scoring.rows import scored_table


@dataclass(frozen=True)
class ModelSource:
    """Which model, and how it is asked.

    Attributes:
        model: see `inference.loading.load_model`; every worker sees or has it.
        sha256: of what is there (`inference.loading.model_sha256`).
        threshold: see `inference.detector.Detector`.
        batch_size: faces that the model gets at once.
    """

    model: str | None
    sha256: str
    threshold: float | None
    batch_size: int


# In one process, the command line and Beam's worker share it.
@functools.lru_cache(maxsize=1)
def open_detector(source: ModelSource) -> Detector:
    """The model, once a process.

    Raises:
        FakelocError: it cannot be loaded.
    """
    # Before the interpreter takes TensorFlow apart, which then complains.
    atexit.register(open_detector.cache_clear)
    return Detector(
        source.model, threshold=source.threshold, batch_size=source.batch_size
    )


class DetectorHandler(ModelHandler[Chunk, ScoredChunk, ModelSource]):
    """Scores chunks of faces with any engine that `fakeloc detect` has.

    The threads of a process share the model. Beam gets its name only: what it is given
    it keeps beyond the end of TensorFlow.

    Note: not `TFModelHandlerTensor`. That one runs TensorFlow models only, takes one
    tensor an element, without the face that it is of, and batches with
    `BatchElements`, whose last batch Beam's Dask runner (2.72) loses: it collects what
    a bundle gave before the bundle is finished. A chunk is a batch already.
    """

    def __init__(self, source: ModelSource, masks: bool) -> None:
        """Loads nothing yet.

        Args:
            source: of the model.
            masks: whether rows have the map of the face.
        """
        super().__init__()
        self._source = source
        self._masks = masks

    def load_model(self) -> ModelSource:
        """Loads the detector of this process."""
        open_detector(self._source)
        return self._source

    def should_skip_batching(self) -> bool:
        """The elements are batches."""
        return True

    def run_inference(
        self,
        batch: Sequence[Chunk] | Chunk,
        model: ModelSource,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[ScoredChunk]:
        """Scores one chunk."""
        return self._score(batch, open_detector(model))

    def get_num_bytes(self, batch: Any) -> int:
        """Of the crops, for Beam's metrics; by default it would pickle them."""
        return sum(face.found.crop_uint8.nbytes for face in batch.faces)

    def _score(self, chunk: Any, detector: Detector) -> Iterator[ScoredChunk]:
        crops = np.stack([face.found.crop_uint8 for face in chunk.faces])
        scores = detector.detect_faces(crops)
        table = scored_table(
            chunk.faces, scores, detector.info, self._source.sha256, self._masks
        )
        yield ScoredChunk(chunk.group, chunk.attempt, chunk.number, table)
