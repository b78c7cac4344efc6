"""Celeb-DF v2, with or without a folder `videos/` in each of the three.

Celeb-real/id0_0000.mp4
YouTube-real/00000.mp4
Celeb-synthesis/id0_id1_0000.mp4      id0's video with id1's face
List_of_testing_videos.txt            518 lines `1 YouTube-real/00170.mp4`, 1 = real
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from pipelines.layouts.request import Request
from pipelines.sources import PRISTINE, Listing, Rejection, Source
from pipelines.splits import ACROSS_SPLITS, split_of_people

FAKE = "Celeb-synthesis"
# Folder -> label.
FOLDERS = {"Celeb-real": 0, "YouTube-real": 0, FAKE: 1}
TEST_LIST = "List_of_testing_videos.txt"


def recognises(path: Path) -> bool:
    """Whether `path` looks like Celeb-DF v2."""
    return any((path / name).is_dir() for name in FOLDERS)


def list_sources(request: Request) -> Listing:
    """Lists Celeb-DF v2.

    Its official list names the test videos only, and people of the test are in the
    other videos too: so these are left out, unless the splits are by identity.

    Raises:
        FakelocError: the test list is missing or wrong.
    """
    test = _read_test_list(request.path) if request.splits == "official" else None
    sources, rejected = [], []
    for name, label in FOLDERS.items():
        method = FAKE if label else PRISTINE
        for path in _videos(request.path / name):
            video_id = f"{name}/{path.stem}"
            people = _people(name, path.stem)
            split, reason = _split(video_id, people, test)
            if path.suffix.lower() not in VIDEO_SUFFIXES:
                split, reason = None, "unsupported"
            if split is None:
                rejected.append(Rejection("", method, video_id, None, reason))
                continue
            sources.append(
                Source(
                    path=path,
                    mask_path=None,
                    original=_original(path) if label else None,
                    label=label,
                    method=method,
                    video_id=video_id,
                    identities=people,
                    split=split,
                    quality=request.quality_word,
                    dataset=request.dataset,
                )
            )
    sources.sort(key=lambda source: source.video_id)
    missing = _missing(test, sources)
    return Listing(tuple(sources), (PRISTINE, FAKE), tuple(rejected), missing)


def _videos(folder: Path) -> list[Path]:
    """The files of one folder, or of `videos/` in it."""
    inner = folder / "videos"
    root = inner if inner.is_dir() else folder
    if not root.is_dir():
        return []
    return sorted(
        p for p in root.iterdir() if p.is_file() and not p.name.startswith(".")
    )


def _people(folder: str, stem: str) -> tuple[str, ...]:
    """id0_id1_0000 -> (id0, id1); a video of YouTube-real shows somebody unknown."""
    if folder == "YouTube-real":
        return (f"YouTube-real/{stem}",)
    return tuple(dict.fromkeys(stem.split("_")[:-1]))


def _split(
    video_id: str, people: tuple[str, ...], test: dict[str, int] | None
) -> tuple[str | None, str]:
    """(split, or None and why not)."""
    if test is None:
        return split_of_people(people), ACROSS_SPLITS
    return ("test" if video_id in test else None), "not_in_test_list"


def _original(path: Path) -> Path | None:
    """The real video that a fake was made from: id0_id1_0000 -> id0_0000."""
    target, _, number = path.stem.split("_") if path.stem.count("_") == 2 else ("",) * 3
    folder = path.parent
    parts = [part if part != FAKE else "Celeb-real" for part in folder.parts]
    original = Path(*parts) / f"{target}_{number}{path.suffix}"
    return original if target and original.is_file() else None


def _read_test_list(root: Path) -> dict[str, int]:
    """Video id -> 1 for a fake: the file says 1 for a real one."""
    path = root / TEST_LIST
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FakelocError(
            f"{path} cannot be read ({error}); get it with the data set, or split by "
            "person with --splits identity"
        ) from error
    test = {}
    for number, line in enumerate(filter(str.strip, lines), start=1):
        real, _, file = line.strip().partition(" ")
        name = PurePosixPath(file.strip())
        label = FOLDERS.get(name.parts[0] if name.parts else "")
        if real not in ("0", "1") or label != 1 - int(real):
            raise FakelocError(
                f"{path}, line {number}: expected `1 Celeb-real/NAME.mp4` (1 = real) "
                f"or `0 {FAKE}/NAME.mp4`. Received: {line!r}"
            )
        test[f"{name.parts[0]}/{name.stem}"] = label
    return test


def _missing(
    test: dict[str, int] | None, sources: list[Source]
) -> tuple[Rejection, ...]:
    """Test videos that the list names and the tree lacks."""
    found = {source.video_id for source in sources}
    return tuple(
        Rejection("test", FAKE if label else PRISTINE, video_id, None, "missing")
        for video_id, label in (test or {}).items()
        if video_id not in found
    )
