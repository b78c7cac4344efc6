"""One model in one process: seconds to load, ms a face, what it says of the faces.

python tools/runtime_probe.py MODEL CROPS.npy FOUND.json [ANSWERS.npz]

Started by `bench_runtimes.py`. CROPS are uint8 [N, C, C, 3]; ANSWERS, if asked for, get
`probability` [N, 1] and `localization` [N, S, S, 1] of all of them.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fakeloc_tf.inference.engines.contract import CropScorer

BATCHES = (1, 16)
WARM_UP, TIMED = 2, 5


def milliseconds(score: CropScorer, crops: np.ndarray, batch: int) -> float:
    """Of a face: the median over `TIMED` calls with as many faces as `batch`."""
    faces = np.resize(crops, (batch, *crops.shape[1:]))
    for _ in range(WARM_UP):
        score(faces)
    times = []
    for _ in range(TIMED):
        start = time.perf_counter()
        score(faces)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times) / batch


def probe(model: Path, crops_file: Path, found: Path, answers: Path | None) -> None:
    """Measures, then scores all faces if `answers` is given."""
    start = time.perf_counter()
    # Importing the engine is part of what a user waits for.
    from fakeloc_tf.inference.loading import load_model

    score, _ = load_model(model)
    numbers = {"load_s": time.perf_counter() - start}
    crops = np.load(crops_file, mmap_mode="r")
    start = time.perf_counter()
    score(np.array(crops[:1]))
    numbers["first_face_s"] = time.perf_counter() - start
    for batch in BATCHES:
        numbers[f"ms_batch_{batch}"] = milliseconds(score, crops[:batch], batch)
    found.write_text(json.dumps(numbers))
    if answers is not None:
        step = max(BATCHES)
        parts = [
            score(np.array(crops[at : at + step])) for at in range(0, len(crops), step)
        ]
        names = ("probability", "localization")
        np.savez(answers, **{n: np.concatenate([p[n] for p in parts]) for n in names})


if __name__ == "__main__":
    model, crops_file, found, *rest = map(Path, sys.argv[1:])
    probe(model, crops_file, found, rest[0] if rest else None)
