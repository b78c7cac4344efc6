"""DFDC: parts of the training set, and the test set with its labels.

dfdc_train_part_N/metadata.json       {"a.mp4": {"label": "FAKE", "original": "b.mp4"}}
metadata.json                         one part alone
labels.csv                            the test set: filename,label; 1 = fake
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakeloc_tf.errors import FakelocError
from pipelines.layouts.request import Request
from pipelines.sources import PRISTINE, Listing, Rejection, Source
from pipelines.splits import split_of_identity
from pipelines.tables import read_table

FAKE = "DFDC"
_LABELS = {"REAL": 0, "FAKE": 1, "0": 0, "1": 1}


def recognises(path: Path) -> bool:
    """Whether `path` looks like parts or the test set of DFDC."""
    return bool(_parts(path)) or (path / "labels.csv").is_file()


def list_sources(request: Request) -> Listing:
    """Lists DFDC: whole parts in a split by the hash of their name.

    Nobody knows who is in a video, but parts share no actors, so a part stands for a
    person. The test set is a split of its own.

    Raises:
        FakelocError: metadata or labels are wrong.
    """
    sources, missing = [], []
    for entry in _entries(request.path):
        method = FAKE if entry.label else PRISTINE
        video_id = f"{entry.part}/{entry.path.stem}"
        if not entry.path.is_file():
            missing.append(Rejection(entry.split, method, video_id, None, "missing"))
            continue
        sources.append(
            Source(
                path=entry.path,
                mask_path=None,
                original=entry.original,
                label=entry.label,
                method=method,
                video_id=video_id,
                identities=(entry.identity,),
                split=entry.split,
                quality=request.quality_word,
                dataset=request.dataset,
            )
        )
    sources.sort(key=lambda source: source.video_id)
    return Listing(tuple(sources), (PRISTINE, FAKE), (), tuple(missing))


@dataclass(frozen=True)
class _Entry:
    """A line of metadata or labels; `original` only where the file is there."""

    path: Path
    label: int
    original: Path | None
    part: str
    identity: str
    split: str


def _parts(root: Path) -> list[Path]:
    """Folders with a metadata.json: the root itself, or those in it."""
    if (root / "metadata.json").is_file():
        return [root]
    return sorted(path.parent for path in root.glob("*/metadata.json"))


def _entries(root: Path) -> Iterator[_Entry]:
    """Everything that metadata and labels name."""
    for part in _parts(root):
        metadata = part / "metadata.json"
        split = split_of_identity(part.name)
        for name, entry in _read_metadata(metadata).items():
            label = _label(entry.get("label"), metadata, name)
            original = part / str(entry.get("original") or "")
            found = original if label and original.is_file() else None
            yield _Entry(part / name, label, found, part.name, part.name, split)
    labels = root / "labels.csv"
    if labels.is_file():
        folder = _test_folder(root)
        for name, value in _read_labels(labels):
            identity = f"test/{Path(name).stem}"
            label = _label(value, labels, name)
            yield _Entry(folder / name, label, None, "test", identity, "test")


def _test_folder(root: Path) -> Path:
    """Where the test videos are: beside labels.csv, or in a folder there."""
    for name in ("videos", "test", "test_videos"):
        if (root / name).is_dir():
            return root / name
    return root


def _label(value: Any, path: Path, name: str) -> int:
    """0 real, 1 fake."""
    label = _LABELS.get(str(value).strip().upper())
    if label is None:
        raise FakelocError(
            f"{path}: {name} has the label {value!r}; expected REAL, FAKE, 0 or 1"
        )
    return label


def _read_metadata(path: Path) -> dict[str, dict[str, Any]]:
    """File -> its entry."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
    if not isinstance(entries, dict) or not all(
        isinstance(entry, dict) for entry in entries.values()
    ):
        raise FakelocError(
            f'{path}: expected {{"a.mp4": {{"label": "FAKE", …}}, …}}, as DFDC has it'
        )
    return entries


def _read_labels(path: Path) -> list[tuple[str, str]]:
    """(file, label) of each line."""
    rows = read_table(path, ("filename", "label"), "filename,label")
    return [(row["filename"], row["label"]) for row in rows]
