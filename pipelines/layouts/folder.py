"""A plain folder of pictures or videos.

real/…                          sub-folders are allowed everywhere
fake/…
masks/…                         optional: as under fake/, .png or a video
identities.csv                  optional: file,identity[,split]
"""

from __future__ import annotations

import logging
from pathlib import Path

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import IMAGE_SUFFIXES
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from pipelines.layouts.request import Request
from pipelines.sources import PRISTINE, Listing, Rejection, Source
from pipelines.splits import ACROSS_SPLITS, split_of_people
from pipelines.tables import read_table

CLASSES = (PRISTINE, "fake")

_log = logging.getLogger(__name__)


def recognises(path: Path) -> bool:
    """Whether `path` has `real/` or `fake/`."""
    return (path / "real").is_dir() or (path / "fake").is_dir()


def list_sources(request: Request) -> Listing:
    """Lists a folder of real and fake files.

    Raises:
        FakelocError: the identities file is missing or wrong.
    """
    folder, identities_csv = request.path, request.identities
    if identities_csv is None and (folder / "identities.csv").is_file():
        identities_csv = folder / "identities.csv"
    people = _read_identities(identities_csv) if identities_csv else {}
    sources, rejected = [], []
    for label, name in enumerate(("real", "fake")):
        for path in _files(folder / name):
            file = path.relative_to(folder).as_posix()
            if path.suffix.lower() not in IMAGE_SUFFIXES | VIDEO_SUFFIXES:
                rejected.append(
                    Rejection("", CLASSES[label], file, None, "unsupported")
                )
                continue
            identities, split = people.pop(file, ((path.stem,), ""))
            split = split or split_of_people(identities) or ""
            if not split:
                rejected.append(
                    Rejection("", CLASSES[label], file, None, ACROSS_SPLITS)
                )
                continue
            sources.append(
                Source(
                    path=path,
                    mask_path=_mask_of(folder, path) if label else None,
                    label=label,
                    method=CLASSES[label],
                    video_id=file,
                    identities=identities,
                    split=split,
                    quality=request.quality_word,
                    dataset=request.dataset,
                )
            )
    if people:
        _log.warning(
            "%s names %d files that are not there, e.g. %s",
            identities_csv,
            len(people),
            next(iter(people)),
        )
    sources.sort(key=lambda source: source.video_id)
    return Listing(tuple(sources), CLASSES, tuple(rejected))


def _files(root: Path) -> list[Path]:
    """Every file below `root`, hidden ones apart, sorted."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )


def _mask_of(folder: Path, path: Path) -> Path | None:
    """The file below `masks/` with the place and stem that `path` has below `fake/`."""
    stem = folder / "masks" / path.relative_to(folder / "fake").with_suffix("")
    for suffix in (".png", *sorted(VIDEO_SUFFIXES), ""):
        candidate = stem.with_name(stem.name + suffix)
        if candidate.exists():
            return candidate
    return None


def _read_identities(path: Path) -> dict[str, tuple[tuple[str, ...], str]]:
    """File -> (people, split or ""); several people are parted by `;`."""
    rows = read_table(path, ("file", "identity"), "file,identity[,split]")
    people = {}
    for line, row in enumerate(rows, start=2):
        identities = tuple(filter(None, (row["identity"] or "").split(";")))
        split = row.get("split") or ""
        if not identities:
            raise FakelocError(f"{path}, line {line}: no identity for {row['file']}")
        if split and split not in SPLITS:
            raise FakelocError(
                f"{path}, line {line}: split must be one of {', '.join(SPLITS)} or "
                f"empty. Received: {split!r}"
            )
        people[row["file"]] = (identities, split)
    return people
