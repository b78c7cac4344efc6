"""The official folder layout of FaceForensics++.

original_sequences/youtube/<quality>/videos/NNN.mp4
original_sequences/actors/<quality>/videos/AA__scene.mp4
manipulated_sequences/<Method>/<quality>/videos/A_B.mp4     A = target, B = source
manipulated_sequences/<Method>/masks/videos/A_B.mp4         or a folder A_B of PNGs
manipulated_sequences/DeepFakeDetection/<quality>/videos/AA_BB__scene__code.mp4
splits/{train,val,test}.json                                optional
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from pipelines.layouts.request import Request
from pipelines.sources import PRISTINE, Listing, Rejection, Source
from pipelines.splits import ACROSS_SPLITS, split_of_people

# The order that the records' `method` index has; other methods follow, sorted.
METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
# Made of its own actors' videos, which no official split names.
ACTORS_METHOD = "DeepFakeDetection"
DEFAULT_QUALITY = "c23"

Pairs = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class _Place:
    """One folder of videos.

    Attributes:
        originals: folder of the videos that these were made from; of originals, None.
        actors: of DeepFakeDetection: people are actors, scenes part of the name.
    """

    root: Path
    quality: str
    method: str
    originals: Path | None
    actors: bool

    @property
    def folder(self) -> Path:
        return self.root / self.quality / "videos"

    def videos(self) -> list[Path]:
        """The files, sorted."""
        if not self.folder.is_dir():
            return []
        return sorted(p for p in self.folder.iterdir() if not p.name.startswith("."))

    def people(self, stem: str) -> tuple[str, ...]:
        """Target first; the demo set makes a person's fakes from that person: a_a."""
        names = dict.fromkeys(stem.split("__")[0].split("_"))
        return tuple(f"actor {name}" if self.actors else name for name in names)

    def original(self, stem: str) -> Path | None:
        """The video that a fake was made from."""
        if self.originals is None:
            return None
        target, *scene = stem.split("__")
        name = "__".join([target.split("_")[0], *scene[:1]])
        path = self.originals / self.quality / "videos" / f"{name}.mp4"
        return path if path.is_file() else None

    def mask(self, stem: str) -> Path | None:
        """The mask video, else the folder of PNGs, else None."""
        root = self.root / "masks" / "videos"
        found = (root / f"{stem}.mp4", root / stem) if self.originals else ()
        return next((path for path in found if path.exists()), None)


def recognises(path: Path) -> bool:
    """Whether `path` looks like FaceForensics++."""
    return any(
        (path / part).is_dir()
        for part in ("original_sequences", "manipulated_sequences")
    )


def list_sources(request: Request) -> Listing:
    """Lists an FF++ tree: all methods in it, and both sets of originals.

    Raises:
        FakelocError: the quality is not there, or a split file is wrong.
    """
    quality = request.quality or DEFAULT_QUALITY
    people, fakes = _splits_of_videos(_read_pairs(request.path))
    methods = _methods(request.path)
    sources, rejected, missing = [], [], []
    for place in _places(request.path, methods, quality):
        splits = fakes if place.originals else people
        found = place.videos()
        for path in found:
            source, reason = _source(request.dataset, place, path, splits)
            if reason:
                line = Rejection("", place.method, source.video_id, None, reason)
                rejected.append(line)
            else:
                sources.append(source)
        if found and not place.actors:
            stems = {path.stem for path in found}
            missing += [
                Rejection(
                    split, place.method, f"{place.method}/{stem}", None, "missing"
                )
                for stem, split in splits.items()
                if stem not in stems
            ]
    if not sources and not rejected:
        _explain_missing_quality(request.path, quality)
    sources.sort(key=lambda source: source.video_id)
    return Listing(
        tuple(sources), (PRISTINE, *methods), tuple(rejected), tuple(missing)
    )


def _source(
    dataset: str, place: _Place, path: Path, splits: dict[str, str]
) -> tuple[Source, str | None]:
    """The source of one video, and why it is left out, if it is."""
    people = place.people(path.stem)
    if place.actors:
        split, reason = split_of_people(people), ACROSS_SPLITS
    else:
        split, reason = splits.get(path.stem), "not_in_splits"
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        split, reason = None, "unsupported"
    source = Source(
        path=path,
        mask_path=place.mask(path.stem),
        original=place.original(path.stem),
        label=int(place.method != PRISTINE),
        method=place.method,
        video_id=f"{place.method}/{path.stem}",
        identities=people,
        split=split or "",
        quality=place.quality,
        dataset=dataset,
        mask_rule="ffpp",
    )
    return source, None if split else reason


def _places(root: Path, methods: tuple[str, ...], quality: str) -> list[_Place]:
    """Both sets of originals, then the methods."""
    youtube, actors = (root / "original_sequences" / n for n in ("youtube", "actors"))
    places = [
        _Place(youtube, quality, PRISTINE, None, actors=False),
        _Place(actors, quality, PRISTINE, None, actors=True),
    ]
    for method in methods:
        by_actors = method == ACTORS_METHOD
        originals = actors if by_actors else youtube
        folder = root / "manipulated_sequences" / method
        places.append(_Place(folder, quality, method, originals, by_actors))
    return places


def _methods(folder: Path) -> tuple[str, ...]:
    """The four published methods, then what else the tree has."""
    root = folder / "manipulated_sequences"
    found = (
        sorted(p.name for p in root.iterdir() if p.is_dir()) if root.is_dir() else []
    )
    return METHODS + tuple(name for name in found if name not in METHODS)


def _read_pairs(folder: Path) -> Pairs:
    """Split -> pairs of ids: the tree's own lists, else the official ones."""
    own = folder / "splits"
    official = resources.files("fakeloc_tf") / "data" / "splits" / "ffpp"
    root = own if own.is_dir() else official
    pairs: Pairs = {}
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


def _splits_of_videos(pairs: Pairs) -> tuple[dict[str, str], dict[str, str]]:
    """Stem -> split: of A and B of each pair, and of A_B and B_A.

    Raises:
        FakelocError: a person is in two splits.
    """
    people: dict[str, str] = {}
    videos: dict[str, str] = {}
    for split, found in pairs.items():
        for a, b in found:
            for name in (a, b):
                if people.setdefault(name, split) != split:
                    raise FakelocError(
                        f"split lists: {name} is in {people[name]} and in {split}; "
                        "a person must be in one split only"
                    )
            videos |= {f"{a}_{b}": split, f"{b}_{a}": split}
    return people, videos


def _explain_missing_quality(folder: Path, quality: str) -> None:
    """Says which qualities the tree has, if it lacks the one that was asked for."""
    found = sorted({p.parent.name for p in folder.glob("*_sequences/*/*/videos")})
    found = [name for name in found if name != "masks"]
    if found and quality not in found:
        raise FakelocError(
            f"{folder} has no videos of quality {quality}; it has: {', '.join(found)}"
        )
