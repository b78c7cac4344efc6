"""An own data set as a CSV file: one line a video or picture.

file        path, relative to the CSV's folder
label       real or fake (or 0, 1)
method      optional: name of the manipulation; else `fake`
mask        optional: path of the mask
original    optional: path of the real file that a fake was made from
identity    optional: people, parted by `;`; else the file's own name
split       optional: train, val or test; else by the hash of the people
"""

from __future__ import annotations

import csv
from pathlib import Path

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import IMAGE_SUFFIXES
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from pipelines.layouts.request import Request
from pipelines.sources import PRISTINE, Listing, Rejection, Source
from pipelines.splits import ACROSS_SPLITS, split_of_people

_LABELS = {"real": 0, "fake": 1, "0": 0, "1": 1}
COLUMNS = ("file", "label", "method", "mask", "original", "identity", "split")


def recognises(path: Path) -> bool:
    """Whether `path` is a CSV file."""
    return path.is_file() and path.suffix.lower() == ".csv"


def list_sources(request: Request) -> Listing:
    """Lists what a manifest names.

    Raises:
        FakelocError: the manifest is no table of these columns, or a value is wrong;
            names the line.
    """
    sources: list[Source] = []
    left_out: dict[bool, list[Rejection]] = {False: [], True: []}
    seen: set[str] = set()
    for line, row in _read(request.path):
        source, reason = _source(request, line, row)
        if source.video_id in seen:
            raise FakelocError(
                f"{request.path}, line {line}: {row['file']} comes twice"
            )
        seen.add(source.video_id)
        if reason:
            rejection = Rejection("", source.method, source.video_id, None, reason)
            left_out[reason == "missing"].append(rejection)
        else:
            sources.append(source)
    sources.sort(key=lambda source: source.video_id)
    classes = (PRISTINE, *sorted({s.method for s in sources} - {PRISTINE}))
    return Listing(
        tuple(sources), classes, tuple(left_out[False]), tuple(left_out[True])
    )


def _source(
    request: Request, line: int, row: dict[str, str]
) -> tuple[Source, str | None]:
    """The source of one line, and why it is left out, if it is."""
    where = f"{request.path}, line {line}"
    root = request.path.parent
    label = _LABELS.get(row["label"].lower())
    if label is None:
        raise FakelocError(
            f"{where}: label must be real or fake. Received: {row['label']!r}"
        )
    if row["split"] and row["split"] not in SPLITS:
        raise FakelocError(
            f"{where}: split must be one of {', '.join(SPLITS)} or empty. "
            f"Received: {row['split']!r}"
        )
    if label and row["method"] == PRISTINE:
        raise FakelocError(f"{where}: a fake cannot have the method {PRISTINE!r}")
    people = tuple(filter(None, row["identity"].split(";"))) or (row["file"],)
    split = row["split"] or split_of_people(people)
    source = Source(
        path=root / row["file"],
        mask_path=_optional(root, row["mask"], where) if label else None,
        original=_optional(root, row["original"], where) if label else None,
        label=label,
        method=(row["method"] or "fake") if label else PRISTINE,
        video_id=row["file"],
        identities=people,
        split=split or "",
        quality=request.quality_word,
        dataset=request.dataset,
    )
    return source, _reason(source)


def _reason(source: Source) -> str | None:
    """Why a source is left out."""
    if source.path.suffix.lower() not in IMAGE_SUFFIXES | VIDEO_SUFFIXES:
        return "unsupported"
    if not source.path.is_file():
        return "missing"
    return None if source.split else ACROSS_SPLITS


def _optional(root: Path, name: str, where: str) -> Path | None:
    """The file or folder that a cell names."""
    if not name:
        return None
    if not (root / name).exists():
        raise FakelocError(f"{where}: {root / name} does not exist")
    return root / name


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    """(number of the line, its cells; "" for columns that are not there)."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            found = set(table.fieldnames or ())
            missing, unknown = {"file", "label"} - found, found - set(COLUMNS)
            if missing or unknown:
                problem = "no column" if missing else "unknown column"
                raise FakelocError(
                    f"{path}: {problem} {', '.join(sorted(missing or unknown))}; "
                    f"known are {', '.join(COLUMNS)}"
                )
            return [
                (table.line_num, {c: (row.get(c) or "").strip() for c in COLUMNS})
                for row in table
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
