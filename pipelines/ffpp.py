"""The official folder layout of FaceForensics++.

original_sequences/youtube/<quality>/videos/NNN.mp4
manipulated_sequences/<Method>/<quality>/videos/A_B.mp4     A = target, B = source
manipulated_sequences/<Method>/masks/videos/A_B.mp4         or a folder A_B of PNGs
splits/{train,val,test}.json                                optional
"""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from pipelines.sources import PRISTINE, Listing, Rejection, Source

# The order that the records' `method` index has; other methods follow, sorted.
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")


def is_ffpp(folder: Path) -> bool:
    """Whether `folder` looks like FaceForensics++."""
    return any(
        (folder / part).is_dir()
        for part in ("original_sequences", "manipulated_sequences")
    )


def list_ffpp(folder: Path, quality: str, dataset: str) -> Listing:
    """Lists an FF++ tree.

    Args:
        folder: holds `original_sequences` and `manipulated_sequences`.
        quality: `raw`, `c23` or `c40`.
        dataset: name for the records.

    Raises:
        FakelocError: the quality is not there, or a split file is wrong.
    """
    pairs = _read_pairs(folder)
    split_of = _split_of_ids(pairs)
    fakes = {f"{a}_{b}": s for s in SPLITS for p in pairs[s] for a, b in (p, p[::-1])}
    methods = _methods(folder)
    sources, rejected = [], []
    for method in (PRISTINE, *methods):
        splits = split_of if method == PRISTINE else fakes
        for path in _videos(folder, method, quality):
            video_id = f"{method}/{path.stem}"
            if path.suffix.lower() not in VIDEO_SUFFIXES:
                rejected.append(Rejection("", method, video_id, None, "unsupported"))
            elif path.stem not in splits:
                rejected.append(Rejection("", method, video_id, None, "not_in_splits"))
            else:
                sources.append(
                    Source(
                        path=path,
                        mask_path=_mask_of(folder, method, path.stem),
                        label=int(method != PRISTINE),
                        method=method,
                        video_id=video_id,
                        # The demo set makes a person's fakes from that person: a_a.
                        identities=tuple(dict.fromkeys(path.stem.split("_"))),
                        split=splits[path.stem],
                        quality=quality,
                        dataset=dataset,
                        mask_rule="ffpp",
                    )
                )
    if not sources and not rejected:
        _explain_missing_quality(folder, quality)
    sources.sort(key=lambda source: source.video_id)
    return Listing(tuple(sources), (PRISTINE, *methods), tuple(rejected))


def _methods(folder: Path) -> tuple[str, ...]:
    """The four published methods, then what else the tree has."""
    root = folder / "manipulated_sequences"
    found = (
        sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
    )
    return METHODS + tuple(name for name in found if name not in METHODS)


def _videos(folder: Path, method: str, quality: str) -> list[Path]:
    """The files of one method, sorted."""
    if method == PRISTINE:
        root = folder / "original_sequences" / "youtube"
    else:
        root = folder / "manipulated_sequences" / method
    videos = root / quality / "videos"
    if not videos.is_dir():
        return []
    return sorted(p for p in videos.iterdir() if not p.name.startswith("."))


def _mask_of(folder: Path, method: str, stem: str) -> Path | None:
    """The mask video, else the folder of PNGs, else None."""
    if method == PRISTINE:
        return None
    root = folder / "manipulated_sequences" / method / "masks" / "videos"
    for path in (root / f"{stem}.mp4", root / stem):
        if path.exists():
            return path
    return None


def _read_pairs(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Split -> pairs of ids: the tree's own lists, else the official ones."""
    own = folder / "splits"
    official = resources.files("fakeloc_tf") / "data" / "splits" / "ffpp"
    root = own if own.is_dir() else official
    pairs = {}
    for split in SPLITS:
        path = root / f"{split}.json"
        try:
            pairs[split] = [
                (str(a), str(b)) for a, b in json.loads(path.read_text("utf-8"))
            ]
        except FileNotFoundError:
            pairs[split] = []
        except (ValueError, TypeError) as error:
            raise FakelocError(
                f"{path}: expected a list of pairs [[target, source], …]: {error}"
            ) from error
    return pairs


def _split_of_ids(pairs: dict[str, list[tuple[str, str]]]) -> dict[str, str]:
    """Id -> split."""
    splits: dict[str, str] = {}
    for split, found in pairs.items():
        for identity in (name for pair in found for name in pair):
            if splits.setdefault(identity, split) != split:
                raise FakelocError(
                    f"split lists: {identity} is in {splits[identity]} and in {split}; "
                    "a person must be in one split only"
                )
    return splits


def _explain_missing_quality(folder: Path, quality: str) -> None:
    """Says which qualities the tree has, if it lacks the one that was asked for."""
    found = sorted({p.parent.name for p in folder.glob("*_sequences/*/*/videos")})
    found = [name for name in found if name != "masks"]
    if found and quality not in found:
        raise FakelocError(
            f"{folder} has no videos of quality {quality}; it has: {', '.join(found)}"
        )
