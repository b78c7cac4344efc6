"""Makes `fakeloc_tf/data/demo/landmarks.csv`: 68 landmarks for each demo portrait.

Run once, in an environment of its own (MediaPipe is no dependency of the project; its
wheel carries the model, Apache-2.0):

    python -m venv /tmp/landmarks && /tmp/landmarks/bin/pip install mediapipe==0.10.14
    /tmp/landmarks/bin/python tools/compute_landmarks.py fakeloc_tf/data/demo
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
from pathlib import Path

import cv2
import mediapipe as mp
import numpy as np

# The vertices of MediaPipe's Face Mesh that lie on the 68 points of iBUG 300-W.
IBUG_68 = (
    # fmt: off
    # jaw, from the left edge of the picture over the chin to the right
    127,
    234,
    132,
    58,
    172,
    136,
    150,
    176,
    152,
    400,
    379,
    365,
    397,
    288,
    361,
    454,
    356,
    # brows
    70,
    63,
    105,
    66,
    107,
    336,
    296,
    334,
    293,
    300,
    # bridge and base of the nose
    168,
    197,
    5,
    4,
    98,
    97,
    2,
    326,
    327,
    # eyes
    33,
    160,
    158,
    133,
    153,
    144,
    362,
    385,
    387,
    263,
    373,
    380,
    # outer lips
    61,
    40,
    37,
    0,
    267,
    270,
    291,
    321,
    314,
    17,
    84,
    91,
    # inner lips
    78,
    81,
    13,
    311,
    308,
    402,
    14,
    178,
    # fmt: on
)


def landmarks(mesh: mp.solutions.face_mesh.FaceMesh, path: Path) -> np.ndarray:
    """float64 [68, 2]: x, y in pixels of the one face in the picture."""
    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    faces = mesh.process(image).multi_face_landmarks
    if not faces:
        raise SystemExit(f"error: no face found in {path}")
    height, width = image.shape[:2]
    points = [(faces[0].landmark[i].x, faces[0].landmark[i].y) for i in IBUG_68]
    return np.array(points) * (width, height)


def main(argv: list[str] | None = None) -> int:
    """Writes FOLDER/landmarks.csv for the pictures that FOLDER/index.csv lists."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(argv).folder
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *(f"{axis}{i}" for i in range(68) for axis in "xy")])
    with mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=1, refine_landmarks=True
    ) as mesh:
        for name in names:
            points = landmarks(mesh, folder / name)
            writer.writerow([name, *(f"{value:.1f}" for value in points.ravel())])
    temporary = folder / ".landmarks.csv"
    temporary.write_text(text.getvalue(), encoding="utf-8")
    os.replace(temporary, folder / "landmarks.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
