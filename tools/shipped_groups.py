"""Figures of faces by what can be measured of them: size, strength, how they look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from shipped_numbers import count_faces, face_figures

from fakeloc_tf.data import dataset
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.finding import make_face_detector
from fakeloc_tf.inference.settings import FACE_SIDE
from pipelines.tables import read_table

COLUMNS = ("fake", "real", "dfdc_part", "native_w", "native_h", "mask_area")
SIZE, STRENGTH, POSE = "side of the crop in the video, pixels", "changed share", "pose"
PARTS = "parts"
# Upper ends, near the thirds of validation; the last group is open.
SIDES = (200, 260)
SHARES = (0.35, 0.47)
# What dlib's five filters say of a face (`media.faces.POSES`).
_POSES = {
    "front": "found by the filter for front views",
    "left": "found by a filter for sides",
    "right": "found by a filter for sides",
    "tilted": "found by a filter for tilted faces",
    "": "not found",
}
# Fewer faces of a class say nothing.
FEWEST = 10


def by_size(
    rows: pd.DataFrame, pairs: dict[str, dict[str, float]], threshold: float
) -> list[dict[str, Any]]:
    """A group a size: faces of `native_w` × `native_h` before they became crops.

    Args:
        rows: predictions, whose `video_id` is the crop's file.
        pairs: of `read_pairs`.
        threshold: from which on a face is called manipulated.
    """
    side = _looked_up(rows, pairs, "side")
    names = np.array(_names(SIDES, "{:g}"))[np.searchsorted(SIDES, side, "right")]
    return _groups(rows, names, SIZE, threshold, _names(SIDES, "{:g}"))


def by_strength(
    rows: pd.DataFrame, pairs: dict[str, dict[str, float]], threshold: float
) -> list[dict[str, Any]]:
    """A group a share of the crop that was changed; all reals belong to each."""
    titles = _names([100 * share for share in SHARES], "{:g} %")
    share = _looked_up(rows, pairs, "mask_area")
    names = np.array(titles)[np.searchsorted(SHARES, share, "right")]
    real = (rows["label"] == 0).to_numpy()
    return [
        group
        for title in titles
        for group in _groups(
            rows[real | (names == title)],
            np.full((real | (names == title)).sum(), title),
            STRENGTH,
            threshold,
            [title],
        )
    ]


def by_part(
    rows: pd.DataFrame,
    pairs: dict[str, dict[str, float]],
    parts: range,
    threshold: float,
) -> list[dict[str, Any]]:
    """The faces of some parts of DFDC as one group; empty where there are none."""
    kept = np.isin(_looked_up(rows, pairs, "part"), parts)
    title = f"{parts[0]} to {parts[-1]}"
    return _groups(rows[kept], np.full(kept.sum(), title), PARTS, threshold, [title])


def by_pose(
    rows: pd.DataFrame, records: Path, split: str, threshold: float
) -> list[dict[str, Any]]:
    """A group a filter with which dlib finds the face in its crop: no angle."""
    find = make_face_detector(FACE_SIDE)
    names = {}
    with dataset.explain_broken_records(records, split):
        for face in dataset.load_split(records, split):
            found = find.detect(face["image"].numpy())
            key = face["video_id"].numpy().decode(), int(face["frame"])
            names[key] = _POSES[found[0].pose if found else ""]
    keys = zip(rows["video_id"], rows["frame"], strict=True)
    chosen = np.array([names[key] for key in keys])
    return _groups(rows, chosen, POSE, threshold, list(dict.fromkeys(_POSES.values())))


def read_pairs(path: Path) -> dict[str, dict[str, float]]:
    """`real/…` and `fake/…` → `side`, `mask_area`, `part` of a crop.

    Args:
        path: the table of the crops (`COLUMNS`).

    Raises:
        FakelocError: it cannot be read, or a number is none.
    """
    known = {}
    for row in read_table(path, COLUMNS, ",".join(COLUMNS)):
        try:
            width, height = float(row["native_w"]), float(row["native_h"])
            part, area = float(row["dfdc_part"]), float(row["mask_area"])
        except ValueError as error:
            raise FakelocError(f"{path}: {row['fake']}: {error}") from error
        numbers = {"side": (width * height) ** 0.5, "mask_area": area, "part": part}
        known |= {f"{kind}/{row[kind]}": numbers for kind in ("real", "fake")}
    return known


def _looked_up(
    rows: pd.DataFrame, pairs: dict[str, dict[str, float]], name: str
) -> np.ndarray:
    """float64 [N], a number of each face.

    Raises:
        FakelocError: the table lacks a face.
    """
    missing = [video for video in rows["video_id"] if video not in pairs]
    if missing:
        raise FakelocError(
            f"--pairs: {missing[0]} and {len(missing) - 1} more faces are not in the "
            "table; give the pairs.csv that the records were made from"
        )
    return np.array([pairs[video][name] for video in rows["video_id"]])


def _names(ends: Sequence[float], form: str) -> list[str]:
    """Titles of the groups that `ends` divide."""
    shown = [form.format(end) for end in ends]
    between = [f"{low} to {high}" for low, high in zip(shown, shown[1:], strict=False)]
    return [f"below {shown[0]}", *between, f"from {shown[-1]} on"]


def _groups(
    rows: pd.DataFrame,
    names: np.ndarray,
    condition: str,
    threshold: float,
    order: Sequence[str],
) -> list[dict[str, Any]]:
    """A row a group that has faces; figures where both classes have enough of them."""
    found = []
    for name in order:
        members = rows[names == name]
        if members.empty:
            continue
        counts = count_faces(members)
        enough = min(counts.values()) >= FEWEST
        figures = face_figures(members, threshold) if enough else {}
        found.append(
            {"condition": condition, "group": name} | counts | {"figures": figures}
        )
    return found
