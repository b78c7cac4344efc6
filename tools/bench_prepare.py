"""Speed of preparation against the plain way, on one core, in one run.

python tools/bench_prepare.py --videos DIR

The plain way searches every whole frame with dlib, upsampled once, and filters noise
with PyWavelets and SciPy. Both write the same kind of record.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import cv2
import dlib
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data import records
from fakeloc_tf.media.boxes import FaceBox, iou
from fakeloc_tf.media.video import VIDEO_SUFFIXES
from fakeloc_tf.noise import NOISE_SCALE, gray_magnitude
from pipelines import extract
from pipelines.extract import Settings, extract_faces
from pipelines.follow import FaceFollower
from pipelines.sources import Source

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from references import noise as transcription  # noqa: E402


class PlainDetector:
    """dlib on the whole frame, upsampled once."""

    def __init__(self, min_score: float) -> None:
        self._min_score = min_score
        self._dlib = dlib.get_frontal_face_detector()

    def detect(self, image_uint8: np.ndarray, side: float = 0.0) -> list[FaceBox]:
        """Faces of any size, the largest first."""
        boxes, scores, _ = self._dlib.run(image_uint8, 1, self._min_score)
        faces = [
            FaceBox(b.left(), b.top(), b.right() + 1, b.bottom() + 1, score)
            for b, score in zip(boxes, scores, strict=True)
        ]
        return sorted(faces, key=lambda face: -face.area)


class PlainFollower(FaceFollower):
    """The largest face of every frame, never searched near the last place."""

    def __init__(self, min_score: float) -> None:
        super().__init__(min_score, PlainDetector(min_score))

    def find(
        self, image_uint8: np.ndarray, mask_uint8: np.ndarray | None
    ) -> FaceBox | None:
        """Forgets the frame before."""
        self.start()
        return super().find(image_uint8, mask_uint8)


def plain_noise(image_uint8: np.ndarray, sigma: float) -> np.ndarray:
    """`noise_uint8` with the transcription."""
    magnitude = gray_magnitude(transcription.residual(image_uint8, sigma))
    return np.clip(np.rint(NOISE_SCALE * magnitude), 0, 255).astype(np.uint8)


def prepare(
    videos: list[Path], settings: Settings, make: Callable[[float], FaceFollower]
) -> dict[tuple[str, int], Any]:
    """Frames to encoded records; gives the boxes."""
    follower = make(settings.prepare.min_face_score)
    boxes = {}
    for path in videos:
        source = Source(
            path, None, 0, "pristine", path.stem, (path.stem,), "test", "", "bench"
        )
        for item in extract_faces(source, settings, follower):
            if isinstance(item, records.FaceRecord):
                records.encode(item)
                left, top, right, bottom = item.crop_box
                box = FaceBox(left, top, right, bottom, item.face_score)
                boxes[path.stem, item.frame] = box
    return boxes


@contextlib.contextmanager
def spent_in(spent: Counter[str]) -> Iterator[None]:
    """Adds up the seconds of the stages; reading is what remains."""

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            start = time.perf_counter()
            result = function(*args)
            spent[name] += time.perf_counter() - start
            return result

        return call

    with (
        mock.patch.object(extract, "noise_uint8", timed("noise", extract.noise_uint8)),
        mock.patch.object(FaceFollower, "find", timed("detect", FaceFollower.find)),
        mock.patch.object(records, "encode", timed("encode", records.encode)),
    ):
        yield


def bench(
    videos: Annotated[Path, typer.Option(help="folder of videos with faces")],
    frames: Annotated[int, typer.Option(help="a video")] = 20,
    runs: Annotated[int, typer.Option(help="the median counts")] = 3,
) -> None:
    """Prints both times, their ratio, the overlap of the boxes and the shares."""
    cv2.setNumThreads(1)
    files = sorted(p for p in videos.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES)
    settings = Settings(PrepareConfig(frames_eval=frames), ("pristine",))
    prepare(files[:1], settings, FaceFollower)
    ours: list[float] = []
    spent: Counter[str] = Counter()
    for _ in range(runs):
        start = time.perf_counter()
        with spent_in(spent):
            found = prepare(files, settings, FaceFollower)
        ours.append(time.perf_counter() - start)
    start = time.perf_counter()
    with mock.patch.object(extract, "noise_uint8", plain_noise):
        plain = prepare(files, settings, PlainFollower)
    report(statistics.median(ours), time.perf_counter() - start, found, plain)
    total = sum(ours)
    spent["read and crop"] = total - sum(spent.values())
    table = Table("stage", "ms a face", "share")
    for name, seconds in spent.most_common():
        table.add_row(
            name, f"{1e3 * seconds / runs / len(found):.2f}", f"{seconds / total:.0%}"
        )
    Console().print(table)


def report(
    ours: float,
    plain: float,
    found: dict[tuple[str, int], FaceBox],
    wanted: dict[tuple[str, int], FaceBox],
) -> None:
    """The first table, and how the boxes agree."""
    table = Table("frames to records", "s", "faces", "faces/s")
    for name, seconds, boxes in (
        ("plain way, one run", plain, wanted),
        ("pipelines.prepare, median", ours, found),
    ):
        table.add_row(
            name, f"{seconds:.1f}", f"{len(boxes)}", f"{len(boxes) / seconds:.1f}"
        )
    console = Console()
    console.print(table)
    overlaps = np.array(
        [iou(found[key], wanted[key]) for key in found if key in wanted]
    )
    console.print(
        f"ratio {plain / ours:.1f}; crops overlap by IoU >= 0.9 on "
        f"{(overlaps >= 0.9).mean():.1%} of {len(overlaps)} faces that both found "
        f"(median {np.median(overlaps):.3f}); found by one of them only: "
        f"{len(found.keys() - wanted.keys())} and {len(wanted.keys() - found.keys())}"
    )


if __name__ == "__main__":
    typer.run(bench)
