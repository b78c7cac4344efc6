"""Writes the demo set: embedded portraits as videos in the FF++ folder layout."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import fakeloc_tf
from fakeloc_tf.data.portraits import CREDITS, Portrait, load_portraits
from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_folder, write_text
from fakeloc_tf.manipulate.camera import drift, pristine_frames
from fakeloc_tf.manipulate.methods import MANIPULATIONS
from fakeloc_tf.media.video import write_video

# FF++'s names for its qualities are x264's constant rate factors.
CRF = {"c23": 23, "c40": 40}
FPS = 25.0
# Low enough that `mask > 25` gives the exact mask back (IoU above 0.98).
_MASK_CRF = 4


@dataclass(frozen=True)
class DemoSet:
    """What is written.

    Attributes:
        seed: of camera, noise and manipulations.
        frames: frames a video.
        qualities: keys of `CRF`.
        identities: how many of the portraits; None = all.
    """

    seed: int = 0
    frames: int = 10
    qualities: tuple[str, ...] = ("c23", "c40")
    identities: int | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.qualities) - CRF.keys())
        if unknown or not self.qualities:
            raise FakelocError(
                f"qualities: expected some of {', '.join(CRF)}. Received: "
                f"{', '.join(unknown) or 'none'}"
            )
        if self.frames < 1:
            raise FakelocError(f"frames must be at least 1. Received: {self.frames}")
        if self.seed < 0:
            raise FakelocError(f"seed must not be negative. Received: {self.seed}")


def write_demo_set(
    out: str | os.PathLike[str], demo: DemoSet, workers: int | None = None
) -> Iterator[tuple[int, int]]:
    """Writes the whole tree, or nothing; the same seed gives the same videos.

    Args:
        out: the folder to make.
        demo: what to write.
        workers: processes; None = one a CPU.

    Yields:
        (identities written, identities in all) after each one, for a progress bar.
        The folder appears when the iterator is exhausted.

    Raises:
        FakelocError: `out` is not empty, or a value does not fit.
    """
    portraits = load_portraits(demo.identities)
    with new_folder(out) as folder:
        _write_splits(folder, portraits)
        _write_about(folder, portraits, demo)
        # Fresh processes: forking one that runs threads (TensorFlow) can hang.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            min(workers or os.cpu_count() or 1, len(portraits)),
            context,
            initializer=cv2.setNumThreads,
            initargs=(1,),
        ) as pool:
            jobs = [pool.submit(_write_identity, folder, p, demo) for p in portraits]
            try:
                for done, job in enumerate(as_completed(jobs), start=1):
                    job.result()
                    yield done, len(portraits)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _write_identity(folder: Path, portrait: Portrait, demo: DemoSet) -> None:
    """Writes one identity's real video, its fakes and their masks."""
    rng = _generator(demo.seed, portrait.identity, "camera")
    frames = list(
        pristine_frames(portrait.image(), portrait.landmarks, demo.frames, rng)
    )
    pristine = [frame for frame, _ in frames]
    original = folder / "original_sequences" / "youtube"
    _write_qualities(original, f"{portrait.number}.mp4", pristine, demo.qualities)
    # FF++ names a fake target_source; here both are the same person.
    name = f"{portrait.number}_{portrait.number}.mp4"
    for method in MANIPULATIONS:
        images, masks = manipulate_video(frames, method, demo.seed, portrait.identity)
        place = folder / "manipulated_sequences" / method
        _write_qualities(place, name, images, demo.qualities)
        gray = [np.repeat(mask[..., None], 3, axis=-1) for mask in masks]
        write_video(place / "masks" / "videos" / name, gray, FPS, crf=_MASK_CRF)


def manipulate_video(
    frames: Sequence[tuple[np.ndarray, np.ndarray]],
    method: str,
    seed: int,
    identity: str,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Manipulates every frame alike, with a strength that drifts.

    Args:
        frames: (uint8 [H, W, 3], landmarks float32 [68, 2]) of one video.
        method: key of `MANIPULATIONS`.
        seed: of the choices; together with `identity` and `method`.
        identity: who is seen.

    Returns:
        Frames uint8 [H, W, 3] and masks uint8 [H, W], 0 or 255.
    """
    course = drift(_generator(seed, identity, method, "strength"), len(frames))
    images, masks = [], []
    for (frame, landmarks), offset in zip(frames, course, strict=True):
        # The same generator for each frame: one choice of parameters a video.
        rng = _generator(seed, identity, method)
        result = MANIPULATIONS[method](frame, landmarks, rng, 0.85 + 0.15 * offset)
        images.append(result.image_uint8)
        masks.append(result.mask_uint8)
    return images, masks


def _generator(seed: int, *names: str) -> np.random.Generator:
    """A generator of its own for each name: subsets agree with the whole set."""
    return np.random.default_rng([seed, *(zlib.crc32(n.encode()) for n in names)])


def _write_qualities(
    place: Path, name: str, frames: list[np.ndarray], qualities: Sequence[str]
) -> None:
    for quality in qualities:
        write_video(place / quality / "videos" / name, frames, FPS, crf=CRF[quality])


def _write_splits(folder: Path, portraits: list[Portrait]) -> None:
    """Lists [target, source] pairs, as FF++ does; here both are one person."""
    for split in SPLITS:
        pairs = [[p.number, p.number] for p in portraits if p.split == split]
        write_text(folder / "splits" / f"{split}.json", json.dumps(pairs) + "\n")


def _write_about(folder: Path, portraits: list[Portrait], demo: DemoSet) -> None:
    """Writes the credits and what it takes to make the set again."""
    people = "".join(f"| {p.number} | {p.name} | {p.identity} |\n" for p in portraits)
    table = f"\n| video | portrait of | Bioguide id |\n|---|---|---|\n{people}"
    credits = CREDITS.read_text(encoding="utf-8") + table
    write_text(folder / "LICENSE_AND_CREDITS.md", credits)
    about = {
        "seed": demo.seed,
        "frames": demo.frames,
        "fps": FPS,
        "qualities": list(demo.qualities),
        "methods": list(MANIPULATIONS),
        "identities": {p.number: p.identity for p in portraits},
        "versions": {
            "fakeloc_tf": fakeloc_tf.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
        },
    }
    write_text(folder / "demo.json", json.dumps(about, indent=2) + "\n")
