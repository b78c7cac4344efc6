"""How many faces get each quality warning: as they are, and made worse on purpose.

The limits of `fakeloc_tf.inference.quality` come from here. Without options the faces
are those of the embedded portraits.

python tools/measure_quality.py
python tools/measure_quality.py --pictures FOLDER
python tools/measure_quality.py --videos FOLDER
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.inputs import InputFile, collect
from fakeloc_tf.inference.quality import CODES, Compression, face_warnings
from fakeloc_tf.media.boxes import FaceBox, crop_box
from fakeloc_tf.media.face_measures import detail_width, face_grey
from fakeloc_tf.media.faces import DlibDetector
from fakeloc_tf.media.images import decode_image, encode_jpeg, read_image
from fakeloc_tf.media.video import probe, read_frames, write_video

Degrade = Callable[[np.ndarray, FaceBox], np.ndarray]
# As `fakeloc detect` looks for faces.
FACE_SIDE = 1920
MARGIN = 1.3
MIN_WIDTH = 40
CRFS = (18, 23, 28, 33, 37, 40, 45)
FRAMES = 60
JPEG_QUALITIES = {f"JPEG {quality}": quality for quality in (75, 50, 30, 15)}
# Left, top, right, bottom as shares of dlib's box.
COVERS = {
    "mask": (-0.05, 0.55, 1.05, 1.1),
    "bar over the eyes": (-0.05, 0.1, 1.05, 0.45),
    "left half": (-0.1, -0.2, 0.5, 1.1),
    "right half": (0.5, -0.2, 1.1, 1.1),
}
GREYS = (20, 128)


def shrink(image: np.ndarray, face: FaceBox, width: int) -> np.ndarray:
    """The picture in which the face is `width` pixels wide."""
    scale = width / face.width
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def regrow(image: np.ndarray, face: FaceBox, width: int) -> np.ndarray:
    """The same, grown to the old size again."""
    size = (image.shape[1], image.shape[0])
    return cv2.resize(shrink(image, face, width), size, interpolation=cv2.INTER_CUBIC)


def blur(image: np.ndarray, face: FaceBox, share: float) -> np.ndarray:
    """Gauss, with a sigma of `share` of the face's width."""
    return cv2.GaussianBlur(image, (0, 0), share * face.width)


def noise(image: np.ndarray, face: FaceBox, sigma: float) -> np.ndarray:
    """Gaussian noise, grey levels."""
    drawn = np.random.default_rng(0).normal(0, sigma, image.shape)
    return np.clip(image + drawn, 0, 255).astype(np.uint8)


def lighten(image: np.ndarray, face: FaceBox, factor: float) -> np.ndarray:
    """All grey levels times `factor`."""
    return np.clip(image * factor, 0, 255).astype(np.uint8)


def jpeg(image: np.ndarray, face: FaceBox, quality: int) -> np.ndarray:
    """What a JPEG of this quality leaves."""
    return decode_image(encode_jpeg(image, quality))


def cover(image: np.ndarray, face: FaceBox, place: str, grey: int) -> np.ndarray:
    """A plain patch over a part of the face."""
    left, top, right, bottom = COVERS[place]
    covered = image.copy()
    x = [max(0, round(face.left + share * face.width)) for share in (left, right)]
    y = [max(0, round(face.top + share * face.height)) for share in (top, bottom)]
    covered[slice(*y), slice(*x)] = grey
    return covered


def cut(image: np.ndarray, face: FaceBox, share: float) -> np.ndarray:
    """The picture without `share` of the face's width at its left."""
    start = max(0, round(face.left + share * face.width))
    return np.ascontiguousarray(image[:, start:])


DEGRADES: dict[str, Degrade] = {
    "as it is": lambda image, face: image,
    **{f"{w} px wide": partial(shrink, width=w) for w in (96, 64, 48)},
    **{f"{w} px, grown again": partial(regrow, width=w) for w in (96, 64, 48, 32)},
    **{f"blur {s:.1%} of width": partial(blur, share=s) for s in (0.005, 0.01, 0.02)},
    "noise 10": partial(noise, sigma=10),
    "noise 10 after blur 2 %": lambda image, face: noise(
        blur(image, face, 0.02), face, 10
    ),
    **{name: partial(jpeg, quality=q) for name, q in JPEG_QUALITIES.items()},
    **{f"light × {f}": partial(lighten, factor=f) for f in (0.5, 0.25, 0.1, 1.5, 2.5)},
    **{
        f"{place}, grey {grey}": partial(cover, place=place, grey=grey)
        for place in COVERS
        for grey in GREYS
    },
    **{f"cut by {s:.0%}": partial(cut, share=s) for s in (0.1, 0.25)},
}


class Rates:
    """Counts of faces and of their warnings, by what was done to them."""

    def __init__(self, find: DlibDetector) -> None:
        """Without counts."""
        self.find = find
        self.faces: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.codes: dict[str, Counter[str]] = defaultdict(Counter)
        self.details: dict[str, list[float]] = defaultdict(list)

    def add(
        self, name: str, image: np.ndarray, compression: Compression, most: int = 1
    ) -> None:
        """Looks for at most so many faces in a picture and counts their warnings."""
        found = self.find.detect(image)[:most]
        self.missed[name] += not found
        for face in found:
            grey = face_grey(image, face)
            if face.width < MIN_WIDTH or grey is None:
                continue
            square = crop_box(face, MARGIN, *image.shape[:2])
            warnings = face_warnings(image, face, square, compression)
            self.faces[name] += 1
            self.codes[name].update(warning.code for warning in warnings)
            self.codes[name]["any"] += bool(warnings)
            self.details[name].append(detail_width(grey))

    def table(self) -> Table:
        """A row for each thing done: shares of the faces that were found."""
        columns = ("any", *CODES)
        table = Table("faces", "found", "without", "detail, px", *columns)
        for name, count in self.faces.items():
            shares = [f"{self.codes[name][code] / count:.0%}" for code in columns]
            detail = f"{np.median(self.details[name]):.0f}"
            table.add_row(name, str(count), str(self.missed[name]), detail, *shares)
        return table


def of_pictures(images: list[np.ndarray], rates: Rates) -> None:
    """Every picture as it is and made worse."""
    for image in track(images, "pictures", transient=True):
        found = rates.find.detect(image)
        for name, degrade in DEGRADES.items() if found else ():
            compression = Compression(jpeg_quality=JPEG_QUALITIES.get(name))
            rates.add(name, degrade(image, found[0]), compression)


def of_videos(files: list[InputFile], rates: Rates, bits: Table) -> None:
    """Ten frames of every video as they are; bits a pixel of it, coded anew."""
    for file in track(files, "videos", transient=True):
        count = min(probe(file.path).frames, 250)
        own = probe(file.path).bits_per_pixel
        wanted = range(0, count, max(1, count // 10))
        for _, frame in read_frames(file.path, wanted):
            rates.add("frames", frame, Compression(bits_per_pixel=own), most=3)
        frames = [frame for _, frame in read_frames(file.path, range(FRAMES))]
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "clip.mp4"
            row = []
            for crf in CRFS:
                write_video(clip, frames, fps=25, crf=crf)
                row.append(f"{probe(clip).bits_per_pixel:.4f}")
        bits.add_row(file.name, f"{own:.4f}", *row)


def main(
    pictures: Annotated[Path | None, typer.Option(help="Folder of portraits.")] = None,
    videos: Annotated[Path | None, typer.Option(help="Folder of videos.")] = None,
) -> None:
    """Prints the shares of faces that get each warning."""
    console = Console(width=150)
    rates = Rates(DlibDetector(max_side=FACE_SIDE, second_side=FACE_SIDE))
    if videos:
        bits = Table("video", "as it is", *(f"CRF {crf}" for crf in CRFS))
        files = [file for file in collect([videos]) if file.kind == "video"]
        of_videos(files, rates, bits)
        console.print(bits)
    elif pictures:
        files = [file for file in collect([pictures]) if file.kind == "image"]
        of_pictures([read_image(file.path) for file in files], rates)
    else:
        of_pictures([portrait.image() for portrait in load_portraits()], rates)
    console.print(rates.table())


if __name__ == "__main__":
    typer.run(main)
