"""Beam transforms: a part file a source, the parts joined to shards."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam

from fakeloc_tf.data.records import FaceRecord
from pipelines.extract import Settings, extract_faces
from pipelines.follow import FaceFollower
from pipelines.sources import Rejection, Source

# Faces do not travel between workers: each source becomes a TFRecord file of its own.
# TFRecord files may be joined end to end, so a shard is its parts, one after another.
PARTS = ".parts"


@dataclass(frozen=True)
class Part:
    """What became of one source.

    Attributes:
        faces: records in the part file.
        without_mask: of these, fakes without a mask.
        repeats: of these, copies.
        shard: where it goes, (number, of how many).
    """

    source: Source
    path: str
    faces: int
    without_mask: int
    repeats: int
    rejected: tuple[Rejection, ...]
    shard: tuple[int, int]


class ExtractPart(beam.DoFn):
    """(Source, shard) -> Part; writes the part file."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._follower: FaceFollower | None = None

    def setup(self) -> None:
        """Loads the detector once a worker."""
        import cv2

        # The workers share the cores already.
        cv2.setNumThreads(1)
        self._follower = FaceFollower(self._settings.prepare.min_face_score)

    def process(self, element: tuple[Source, tuple[int, int]]) -> Iterator[Part]:
        """Prepares one source."""
        import tensorflow as tf

        from fakeloc_tf.data.records import encode

        source, shard = element
        name = hashlib.sha256(source.video_id.encode()).hexdigest()
        path = self._folder / PARTS / f"{name}.tfrecord"
        faces, without_mask, repeats, rejected = 0, 0, 0, []
        if self._follower is None:
            raise RuntimeError("`setup` was not called")
        with tf.io.TFRecordWriter(f"{path}.tmp") as writer:
            for item in extract_faces(source, self._settings, self._follower):
                if isinstance(item, FaceRecord):
                    writer.write(encode(item))
                    faces += 1
                    without_mask += not item.mask_valid
                    repeats += item.repeat > 0
                else:
                    rejected.append(item)
        Path(f"{path}.tmp").rename(path)
        yield Part(
            source, str(path), faces, without_mask, repeats, tuple(rejected), shard
        )


class ExtractFaces(beam.PTransform):
    """(Source, shard) pairs to parts: frames, faces, masks, noise."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__()
        self._settings = settings
        self._folder = folder

    def expand(self, sources: beam.PCollection) -> beam.PCollection:
        """Adds the steps."""
        return (
            sources
            # Without it the list and the work are one stage, on one worker.
            | "Spread" >> beam.Reshuffle()
            | "Extract" >> beam.ParDo(ExtractPart(self._settings, self._folder))
        )


class WriteShards(beam.PTransform):
    """Parts to `<split>-00000-of-0000N.tfrecord`; gives the names of the files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, parts: beam.PCollection) -> beam.PCollection:
        """Adds the steps."""
        return (
            parts
            | "ByShard" >> beam.Map(lambda part: (shard_name(part), part))
            | "Group" >> beam.GroupByKey()
            | "Join" >> beam.MapTuple(lambda n, p: join_parts(self._folder / n, p))
        )


def shard_name(part: Part) -> str:
    """The file that a part goes into."""
    number, count = part.shard
    return f"{part.source.split}-{number:05d}-of-{count:05d}.tfrecord"


def join_parts(path: Path, parts: Iterable[Part]) -> str:
    """Joins part files, in order of `video_id`, to one TFRecord file; its name."""
    parts = sorted(parts, key=lambda part: part.source.video_id)
    with path.open("wb") as shard:
        for part in parts:
            with open(part.path, "rb") as file:
                shutil.copyfileobj(file, shard, 1 << 20)
    for part in parts:
        Path(part.path).unlink()
    return path.name
