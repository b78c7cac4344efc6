"""What travels from reading to scoring to writing: some faces of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from fakeloc_tf.inference.finding import FoundFace
from pipelines.scoring.groups import Group

# Crops of 299 pixels take 17 MB then; a long video never has all of its in memory.
FACES = 64


@dataclass(frozen=True)
class Face:
    """A face that waits for the model.

    Attributes:
        file: its place in the group.
        facts: of the file: path, sha256, kind, image_width, image_height.
        frame: 0 = first frame of the video, or the picture.
        time: seconds from the start.
        number: in its picture or frame.
        found: boxes, crop, warnings.
    """

    file: int
    facts: dict[str, Any]
    frame: int
    time: float
    number: int
    found: FoundFace


@dataclass(frozen=True)
class Chunk:
    """Faces of one or more files of a group: the batch that the model gets.

    Attributes:
        group: which group.
        attempt: of reading it, by a random name: what a stopped or repeated one left
            is never mixed in.
        number: from 0 within the attempt.
        faces: at least one.
    """

    group: Group
    attempt: str
    number: int
    faces: tuple[Face, ...]

    def __len__(self) -> int:
        """How many faces; RunInference counts its examples by it."""
        return len(self.faces)


@dataclass(frozen=True)
class ScoredChunk:
    """A chunk with its scores.

    Attributes:
        group, attempt, number: of the chunk.
        table: of `schemas.SCORED`.
    """

    group: Group
    attempt: str
    number: int
    table: pa.Table
