"""Makes `fakeloc_tf/data/demo/mean_face.csv`: where landmarks lie in a face crop.

The mean of the demo portraits' 68 landmarks, in shares of the side of the crop that
`pipelines.prepare` cuts (dlib's box × 1.3). Self-blending in training puts it on faces
whose records have no landmarks. Also prints how far single faces are from the mean.

python tools/compute_mean_face.py
"""

from __future__ import annotations

import numpy as np
import typer
from rich.console import Console

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.data.portraits import FOLDER, Portrait, load_portraits
from fakeloc_tf.media.faces import DlibDetector, crop_box


def in_crop(portrait: Portrait, find: DlibDetector) -> np.ndarray:
    """The portrait's landmarks float [68, 2], 0..1 in its crop."""
    image = portrait.image()
    face = find.detect(image)[0]
    box = crop_box(face, PrepareConfig().margin, *image.shape[:2])
    return (portrait.landmarks - (box.left, box.top)) / box.side


def main() -> None:
    """Writes the mean and prints the spread of place, size and turn."""
    find = DlibDetector()
    faces = np.stack([in_crop(portrait, find) for portrait in load_portraits()])
    mean = faces.mean(0)
    rows = [f"{x:.4f},{y:.4f}" for x, y in mean]
    (FOLDER / "mean_face.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    centred = faces - faces.mean(1, keepdims=True)
    flat = (mean - mean.mean(0)) @ [1, 1j]
    # The best similarity from the mean to each face: complex least squares.
    turn = (centred @ [1, 1j]) @ flat.conj() / (flat @ flat.conj())
    print_ = Console().print
    print_("place, standard deviation x, y:", faces.mean(1).std(0).round(3))
    print_("size:", np.abs(turn).std().round(3))
    print_("turn in degrees:", np.degrees(np.angle(turn)).std().round(1))
    rest = np.abs(centred @ [1, 1j] - turn[:, None] * flat)
    print_("what remains, mean distance:", rest.mean().round(3))


if __name__ == "__main__":
    typer.run(main)
