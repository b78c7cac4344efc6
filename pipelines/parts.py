"""Beam transforms: a part file a source, the parts joined to shards."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam

from fakeloc_tf.data.records import FaceRecord
from fakeloc_tf.files import write_text
from pipelines.extract import Settings, extract_faces
from pipelines.follow import FaceFollower
from pipelines.sources import Rejection, Source
from pipelines.work_folder import PARTS

# Faces do not travel between workers: each source becomes a TFRecord file of its own.
# TFRecord files may be joined end to end, so a shard is its parts, one after another.


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
        """Prepares one source, unless an earlier run has finished it."""
        source, shard = element
        place = self._folder / PARTS / part_name(source)
        done = Path(f"{place}.json")
        if done.exists():
            yield _read_part(done, source, f"{place}.tfrecord", shard)
            return
        part = self._extract(source, shard, place)
        # Last: what has this file is whole.
        write_text(done, _part_to_json(part))
        yield part

    def _extract(self, source: Source, shard: tuple[int, int], place: Path) -> Part:
        """Writes the records of one source to `place`.tfrecord."""
        import tensorflow as tf

        from fakeloc_tf.data.records import encode

        if self._follower is None:
            raise RuntimeError("`setup` was not called")
        faces, without_mask, repeats, rejected = 0, 0, 0, []
        with tf.io.TFRecordWriter(f"{place}.tmp") as writer:
            for item in extract_faces(source, self._settings, self._follower):
                if isinstance(item, FaceRecord):
                    writer.write(encode(item))
                    faces += 1
                    without_mask += not item.mask_valid
                    repeats += item.repeat > 0
                else:
                    rejected.append(item)
        path = Path(f"{place}.tfrecord")
        Path(f"{place}.tmp").rename(path)
        return Part(
            source, str(path), faces, without_mask, repeats, tuple(rejected), shard
        )


def part_name(source: Source) -> str:
    """A name that every file system takes."""
    return hashlib.sha256(source.video_id.encode()).hexdigest()


def _part_to_json(part: Part) -> str:
    """What is known of a finished part, but for its source."""
    return json.dumps(
        {
            "faces": part.faces,
            "without_mask": part.without_mask,
            "repeats": part.repeats,
            "rejected": [dataclasses.asdict(line) for line in part.rejected],
        }
    )


def _read_part(done: Path, source: Source, path: str, shard: tuple[int, int]) -> Part:
    """The part that an earlier run has finished."""
    found = json.loads(done.read_text("utf-8"))
    rejected = tuple(Rejection(**line) for line in found.pop("rejected"))
    return Part(source=source, path=path, shard=shard, rejected=rejected, **found)


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
    """Parts to `<split>-00000-of-0000N.tfrecord`; passes them on when that is done.

    What follows so depends on the shards: Beam's Dask runner computes the last step
    and what it depends on, no other branch.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def expand(self, parts: beam.PCollection) -> beam.PCollection:
        """Adds the steps."""
        return (
            parts
            | "ByShard" >> beam.Map(lambda part: (shard_name(part), part))
            | "Group" >> beam.GroupByKey()
            | "Join" >> beam.FlatMapTuple(lambda n, p: join_parts(self._folder / n, p))
        )


def shard_name(part: Part) -> str:
    """The file that a part goes into."""
    number, count = part.shard
    return f"{part.source.split}-{number:05d}-of-{count:05d}.tfrecord"


def join_parts(path: Path, parts: Iterable[Part]) -> list[Part]:
    """Joins part files, in order of `video_id`, to one TFRecord file; gives them back.

    Done again after a stop, it leaves a finished shard as it is: its parts are gone.
    """
    ordered = sorted(parts, key=lambda part: part.source.video_id)
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.tmp")
        with unfinished.open("wb") as shard:
            for part in ordered:
                with open(part.path, "rb") as file:
                    shutil.copyfileobj(file, shard, 1 << 20)
        unfinished.rename(path)
    for part in ordered:
        Path(part.path).unlink(missing_ok=True)
    return ordered
