"""What the figures are drawn from: prepared faces and trained runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf

from fakeloc_tf.data import dataset, records, targets
from fakeloc_tf.data.prepared import class_counts, dataset_info
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.chosen_faces import Face, first_faces, person
from fakeloc_tf.evaluation.paper.experiments import QUALITIES, run_name
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.noise import NOISE_SCALE

# Of figures that show one quality, and of all where there are several.
MAIN = "c23"
SPLIT = "test"
BATCH = 16


def records_of(context: Context, quality: str = MAIN) -> Path:
    """The records of a quality.

    Raises:
        FakelocError: there are none.
    """
    return _found(context.records, quality, "records")


def run_of(context: Context, experiment: str, quality: str = MAIN) -> Path:
    """The run of an experiment on a quality.

    Raises:
        FakelocError: there is none.
    """
    return _found(context.runs, run_name(experiment, quality), "run")


def shown_qualities(context: Context, experiments: Sequence[str] = ()) -> list[str]:
    """Those of QUALITIES that there are records and runs of.

    Args:
        context: what there is.
        experiments: whose runs are needed, all of them.

    Raises:
        FakelocError: there is none; names what MAIN lacks.
    """
    there = [
        quality
        for quality in QUALITIES
        if quality in context.records
        and all(run_name(name, quality) in context.runs for name in experiments)
    ]
    if not there:
        records_of(context)
        for name in experiments:
            run_of(context, name)
    return there


def people(records_folder: Path, count: int) -> list[list[Face]]:
    """The test faces of the first people, see `chosen_faces.first_faces`."""
    with dataset.explain_broken_records(records_folder, SPLIT):
        return first_faces(
            RecordSource(records_folder, SPLIT),
            len(classes_of(records_folder)),
            count,
        )


def some_faces(records_folder: Path, wanted: int) -> Iterator[Face]:
    """About `wanted` test faces, evenly spread over the split; all if it has fewer.

    Only those are decoded: a whole split of FF++ takes minutes.
    """
    count = sum(class_counts(dataset_info(records_folder), SPLIT).values())
    every = max(count // wanted, 1)
    written = RecordSource(records_folder, SPLIT).written().shard(every, 0)
    chosen = written.map(lambda serialized, _: records.parse(serialized))
    with dataset.explain_broken_records(records_folder, SPLIT):
        yield from chosen.prefetch(tf.data.AUTOTUNE)


def batches(
    faces: Iterable[Face], image_size: int
) -> Iterator[tuple[list[Face], tf.Tensor]]:
    """Some faces at a time, and what a model takes of them.

    Args:
        faces: parsed records.
        image_size: side S of the model's input.

    Yields:
        (faces, float32 [B, S, S, 3] in 0..255).
    """
    remaining = iter(faces)
    while batch := list(islice(remaining, BATCH)):
        yield batch, model_images(batch, image_size)


def model_images(faces: Iterable[Face], size: int) -> tf.Tensor:
    """float32 [B, S, S, 3] in 0..255, as the model takes them."""
    return tf.stack([targets.model_input(face["image"], size) for face in faces])


def classes_of(records_folder: Path) -> list[str]:
    """Names of the methods, index 0 = pristine."""
    return dataset_info(records_folder)["classes"]


def sigma_of(records_folder: Path) -> float:
    """Standard deviation of the noise filter that the records were made with."""
    return dataset_info(records_folder)["prepare"]["sigma"]


def face_of(face: Face, size: int | None = None) -> np.ndarray:
    """uint8 [S, S, 3] RGB; of another side S if `size` is given."""
    if size is None:
        return face["image"].numpy()
    return targets.model_input(face["image"], size).numpy().astype(np.uint8)


def mask_of(face: Face, size: int | None = None) -> np.ndarray:
    """float32 [S, S] in 0..1, the true mask."""
    side = size or face["mask"].shape[0]
    return targets.soft_mask(face["mask"], (side, side)).numpy()[..., 0]


def noise_of(face: Face) -> np.ndarray:
    """float32 [S, S], |W| in grey levels, as the records store it."""
    return face["noise"].numpy()[..., 0].astype(np.float32) / NOISE_SCALE


def name_of(face: Face, classes: list[str]) -> str:
    """The method, and who is seen."""
    return f"{classes[int(face['method'])]}\n{person(face)}"


def _found(there: Mapping[str, Path], name: str, what: str) -> Path:
    if name not in there:
        raise FakelocError(
            f"the figure needs {what} {name!r}; there are: {', '.join(there) or 'none'}"
        )
    return there[name]
