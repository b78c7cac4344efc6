"""`fakeloc detect`: scores, masks, overlays and a report of pictures and videos."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fakeloc_tf import cli, options
from fakeloc_tf.inference.scoring_call import Asked, look_at
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES

if TYPE_CHECKING:
    from fakeloc_tf.inference.detector import Detector


def detect(
    paths: options.Paths,
    model: options.Model = None,
    out: options.Out = None,
    as_json: options.AsJson = False,
    fps: options.Fps = FPS,
    all_frames: options.AllFrames = False,
    max_minutes: options.MaxMinutes = MAX_MINUTES,
    threshold: options.Threshold = None,
    face_side: options.FaceSide = FACE_SIDE,
    batch_size: options.BatchSize = 16,
    workers: options.WorkerCount = None,
) -> int:
    """Scores every face and locates the manipulated region.

    A call that was stopped goes on with the same command.

    Exit status: 0 all files were read, 1 some were not, 2 wrong call.
    """
    rate = None if all_frames else fps
    asked = Asked(out, as_json, rate, face_side, max_minutes, workers)

    def load() -> tuple[Detector, str | None]:
        from fakeloc_tf.inference.detector import Detector

        return Detector(model, threshold=threshold, batch_size=batch_size), model

    return look_at("detect", paths, asked, load)


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(detect, argv, prog="fakeloc detect")


if __name__ == "__main__":
    sys.exit(main())
