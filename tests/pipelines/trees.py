"""Small data sets on disk, in the layouts that users have, from embedded portraits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.boxes import FaceBox
from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import write_video

FRAMES = 3
# One person a split; the first number is the person's own.
PEOPLE = {"train": "000", "val": "001", "test": "002"}
# Options that keep the preparation of the FF++ tree small.
SMALL = tuple(
    f"--set=prepare.{option}"
    for option in ("crop_size=96", "shards=2", "real_factor=1")
)


def portraits() -> dict[str, np.ndarray]:
    """Person -> picture of a real face, [410, 335, 3] or so."""
    found = load_portraits(3)
    return {n: p.image() for n, p in zip(PEOPLE.values(), found, strict=True)}


def moved(image: np.ndarray, frame: int) -> np.ndarray:
    """The picture shifted to the right by 15 pixels a frame."""
    return np.roll(image, 15 * frame, axis=1)


def mouth_mask(image: np.ndarray) -> np.ndarray:
    """A coloured block over the lower half of the face, as FF++ draws masks."""
    height, width = image.shape[:2]
    mask = np.zeros_like(image)
    mask[height // 2 : height * 2 // 3, width // 3 : width * 2 // 3] = (30, 200, 90)
    return mask


def make_ffpp(root: Path) -> Path:
    """Deepfakes with masks, Face2Face without; four files that cannot be prepared."""
    real = root / "original_sequences" / "youtube" / "c23" / "videos"
    fake = root / "manipulated_sequences"
    for person, image in portraits().items():
        frames = [moved(image, f) for f in range(FRAMES)]
        write_video(real / f"{person}.mp4", frames, fps=25)
        name = f"{person}_{person}.mp4"
        for method in ("Deepfakes", "Face2Face"):
            write_video(fake / method / "c23" / "videos" / name, frames, fps=25)
        masks = [mouth_mask(frame) for frame in frames]
        write_video(fake / "Deepfakes" / "masks" / "videos" / name, masks, fps=25)
    grey = [np.full((200, 200, 3), 90, np.uint8)] * FRAMES
    write_video(real / "010.mp4", grey, fps=25)
    (real / "011.mp4").touch()
    (real / "012.mp4").write_text("not a video")
    write_video(real / "999.mp4", grey, fps=25)
    (root / "splits").mkdir()
    for split, person in PEOPLE.items():
        pairs = [[person, person]]
        if split == "train":
            pairs += [["010", "010"], ["011", "012"]]
        (root / "splits" / f"{split}.json").write_text(json.dumps(pairs))
    return root


def make_folder(root: Path, size: int = 96) -> Path:
    """Six face crops of three people, with masks; grey squares stand for faces."""
    lines = ["file,identity,split"]
    rng = np.random.default_rng(0)
    for split, person in PEOPLE.items():
        image = rng.integers(0, 256, (size, size, 3), np.uint8)
        mask = np.zeros((size, size), np.uint8)
        mask[size // 2 :] = 255
        write_png(root / "real" / f"{person}.png", image)
        write_png(root / "fake" / f"{person}.png", 255 - image)
        write_png(root / "masks" / f"{person}.png", mask)
        lines += [f"{kind}/{person}.png,{person},{split}" for kind in ("real", "fake")]
    (root / "identities.csv").write_text("\n".join(lines) + "\n")
    return root


def assert_same_files(out: Path, expected: Path) -> None:
    """Both folders hold the same names and bytes."""
    names = sorted(path.name for path in expected.iterdir())
    assert sorted(path.name for path in out.iterdir()) == names
    for name in names:
        assert (out / name).read_bytes() == (expected / name).read_bytes(), name


class BoxesDetector:
    """A `FaceDetector` that always finds the same boxes.

    Attributes:
        of_a_side: what it finds when a face of a certain side is looked for.
        sides: those that it was asked for; 0 stands for a search of everything.
    """

    def __init__(self, *boxes: FaceBox, of_a_side: tuple[FaceBox, ...] = ()) -> None:
        self.boxes = list(boxes)
        self.of_a_side = list(of_a_side)
        self.sides: list[float] = []

    def detect(self, image_uint8: np.ndarray, side: float = 0.0) -> list[FaceBox]:
        self.sides.append(side)
        return list(self.of_a_side if side else self.boxes)
