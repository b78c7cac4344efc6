"""Which faces a picture shows: by number, never by what a model says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import tensorflow as tf

from fakeloc_tf.data import records
from fakeloc_tf.data.source import RecordSource

# A parsed record, see `data.records.parse`.
Face = dict[str, Any]


def first_faces(source: RecordSource, methods: int, people: int) -> list[list[Face]]:
    """The first face of every method, of each of the first people by number.

    Only the faces that are returned are decoded.

    Args:
        source: records of the split.
        methods: of the data set, with pristine.
        people: wanted; fewer where there are fewer.

    Returns:
        A row a person, in it a face a method. Where nobody has every method, the n-th
        row has the n-th person of each method, and may lack one that has no more.
    """

    def names(serialized: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # Pictures that nothing asks for are not decoded.
        face = records.parse(serialized)
        return face["video_id"], face["method"]

    named = source.written().map(names, num_parallel_calls=tf.data.AUTOTUNE)
    rows = first_positions(
        ((video.decode(), int(method)) for video, method in named.as_numpy_iterator()),
        methods,
        people,
    )
    faces = faces_at(source, [position for row in rows for position in row])
    return [[faces[position] for position in row] for row in rows]


def first_positions(
    faces: Iterable[tuple[str, int]], methods: int, people: int
) -> list[list[int]]:
    """Where the faces of `first_faces` stand.

    Args:
        faces: name of the video and index of the method of each, in written order.
        methods, people: as of `first_faces`.
    """
    found: list[dict[str, int]] = [{} for _ in range(methods)]
    for position, (video, method) in enumerate(faces):
        found[method].setdefault(person_of(video), position)
    names = sorted(set.intersection(*(set(people) for people in found)))
    if names:
        return [[people[name] for people in found] for name in names[:people]]
    columns = [[people[name] for name in sorted(people)] for people in found]
    rows = min(people, max(map(len, columns)))
    return [
        [column[row] for column in columns if row < len(column)] for row in range(rows)
    ]


def faces_at(source: RecordSource, positions: Sequence[int]) -> dict[int, Face]:
    """Some faces by their position in written order; only those are decoded.

    Args:
        source: records of the split.
        positions: in any order; none = no face.
    """
    if not positions:
        return {}
    wanted = tf.constant(sorted(set(positions)), tf.int64)
    chosen = (
        source.written()
        .take(max(positions) + 1)
        .enumerate()
        .filter(lambda index, _: tf.reduce_any(wanted == index))
        .map(lambda index, item: (index, records.parse(item[0])))
    )
    return {int(index): face for index, face in chosen}


def person(face: Face) -> str:
    """The first part of a video's name, which is the person's that is seen."""
    return person_of(face["video_id"].numpy().decode())


def person_of(video: str) -> str:
    """The same of the name alone."""
    return video.split("/")[-1].split("_")[0]
