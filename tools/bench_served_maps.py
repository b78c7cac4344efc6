"""What a map of a face costs on the way from TensorFlow Serving: JSON against PNG.

    python tools/bench_served_maps.py

The map is smooth noise at the paper's size; its numbers have the digits of real ones.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import cv2
import numpy as np
from rich.console import Console

from fakeloc_tf.media.images import decode_png, encode_png, to_grey

SIDE = 299
COARSE = 19
FACES = 8
REPEATS = 5


def main() -> int:
    """Prints size and time of decoding of a face."""
    rng = np.random.default_rng(0)
    coarse = rng.random((FACES, COARSE, COARSE), np.float32)
    maps = [cv2.resize(one, (SIDE, SIDE)) for one in coarse]
    # Shortest digits of a float32, as TF Serving writes.
    rows = [[[[float(str(v))] for v in line] for line in one] for one in maps]
    body = json.dumps({"predictions": [{"localization": row} for row in rows]})
    pngs = [base64.b64encode(encode_png(to_grey(one))) for one in maps]
    _say("JSON", len(body), lambda: _from_json(body))
    _say("PNG", sum(map(len, pngs)), lambda: [_from_png(png) for png in pngs])
    return 0


def _from_json(body: str) -> np.ndarray:
    rows = json.loads(body)["predictions"]
    return np.asarray([row["localization"] for row in rows], np.float32)


def _from_png(png: bytes) -> np.ndarray:
    return decode_png(base64.b64decode(png)).astype(np.float32) / 255


def _say(name: str, size: int, decode: Callable[[], object]) -> None:
    """Size and the CPU time of the best of some repeats, of one face."""
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        decode()
        times.append(time.process_time() - started)
    seconds = 1000 * min(times) / FACES
    Console().print(f"{name}: {size / FACES / 1e6:.3f} MB, {seconds:.2f} ms a face")


if __name__ == "__main__":
    raise SystemExit(main())
