"""Which faces a picture shows: by number, never by what a model says of them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# A parsed record, see `data.records.parse`.
Face = dict[str, Any]


def first_faces(faces: tf.data.Dataset, methods: int, people: int) -> list[list[Face]]:
    """The first face of every method, of each of the first people by number.

    Args:
        faces: parsed records (`data.dataset.load_split`).
        methods: of the data set, with pristine.
        people: wanted; fewer where there are fewer.

    Returns:
        A row a person, in it a face a method. Where nobody has every method, the n-th
        row has the n-th person of each method, and may lack one that has no more.
    """
    found: list[dict[str, Face]] = [{} for _ in range(methods)]
    for face in faces:
        found[int(face["method"])].setdefault(person(face), face)
    names = sorted(set.intersection(*(set(people) for people in found)))
    if names:
        return [[people[name] for people in found] for name in names[:people]]
    columns = [[people[name] for name in sorted(people)] for people in found]
    rows = min(people, max(map(len, columns)))
    return [
        [column[row] for column in columns if row < len(column)] for row in range(rows)
    ]


def person(face: Face) -> str:
    """The first part of a video's name, which is the person's that is seen."""
    name = face["video_id"].numpy().decode()
    return name.split("/")[-1].split("_")[0]
