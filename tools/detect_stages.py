"""Times the steps from the start of a process to the first answer; for `bench_detect`.

python tools/detect_stages.py MODEL [PICTURE]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

STAGES = (
    "interpreter, other",
    "imports of the package",
    "load model (engine imports too)",
    "find the face",
    "first score",
    "second score",
)


def measure_apart(model: Path, picture: Path) -> dict[str, float]:
    """Stage → seconds, in a fresh process."""
    start = time.perf_counter()
    call = [sys.executable, __file__, str(model), str(picture)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    seconds = json.loads(done.stdout.splitlines()[-1])
    rest = time.perf_counter() - start - sum(seconds.values())
    return {STAGES[0]: rest} | seconds


def main(model: str, picture: str | None = None) -> None:
    """Prints the seconds as JSON; without a picture it only imports and loads."""
    marks = [time.perf_counter()]
    import numpy as np

    from fakeloc_tf.inference import run  # noqa: F401, as `fakeloc detect` does
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.inference.finding import cut_faces, make_face_detector
    from fakeloc_tf.inference.quality import Compression
    from fakeloc_tf.inference.settings import FACE_SIDE
    from fakeloc_tf.media.images import read_image

    marks.append(time.perf_counter())
    detector = Detector(model)
    info = detector.info
    marks.append(time.perf_counter())
    if picture is None:
        return
    image = read_image(picture)
    boxes = make_face_detector(FACE_SIDE).detect(image)
    faces = cut_faces(image, boxes, info.margin, info.crop_size, Compression())
    crops = np.stack([face.crop_uint8 for face in faces])
    marks.append(time.perf_counter())
    for _ in range(2):
        detector.detect_faces(crops)
        marks.append(time.perf_counter())
    steps = (b - a for a, b in zip(marks, marks[1:], strict=False))
    print(json.dumps(dict(zip(STAGES[1:], steps, strict=True))))


if __name__ == "__main__":
    main(*sys.argv[1:])
