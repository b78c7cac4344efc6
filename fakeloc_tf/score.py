"""`fakeloc score`: what `fakeloc detect` does, with the model on a server."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from fakeloc_tf import cli, options
from fakeloc_tf.inference.scoring_call import Asked, look_at
from fakeloc_tf.inference.settings import FACE_SIDE, FPS, MAX_MINUTES
from fakeloc_tf.serving.client import sending

if TYPE_CHECKING:
    from fakeloc_tf.inference.call import ServedModel
    from fakeloc_tf.inference.detector import Detector
    from fakeloc_tf.serving import Client

# A token does not belong on a command line, where `ps` shows it.
TOKEN_VARIABLE = "FAKELOC_SERVER_TOKEN"  # noqa: S105


def score(
    paths: options.Paths,
    server: options.Server,
    model_name: options.ModelName = sending.MODEL,
    version: options.ModelVersion = None,
    out: options.Out = None,
    as_json: options.AsJson = False,
    fps: options.Fps = FPS,
    all_frames: options.AllFrames = False,
    max_minutes: options.MaxMinutes = MAX_MINUTES,
    threshold: options.Threshold = None,
    face_side: options.FaceSide = FACE_SIDE,
    workers: options.WorkerCount = None,
    batch_size: options.RequestSize = sending.BATCH_SIZE,
    parallel: options.Parallel = sending.PARALLEL,
    timeout: options.Timeout = sending.TIMEOUT_SECONDS,
    retries: options.Retries = sending.RETRIES,
    ca_file: options.CaFile = None,
    compact: options.Compact = None,
) -> int:
    """Has every face scored by a TensorFlow Serving; only face crops are sent.

    A call that was stopped goes on with the same command.

    Exit status: 0 all files were read, 1 some were not, 2 wrong call or no server.
    """
    from fakeloc_tf.serving import Client

    rate = None if all_frames else fps
    asked = Asked(out, as_json, rate, face_side, max_minutes, workers)
    told: dict[str, Any] = {"model": model_name, "version": version}
    told |= {"timeout_seconds": timeout, "retries": retries, "batch_size": batch_size}
    told |= {"parallel": parallel, "ca_file": ca_file, "compact": compact}
    with Client(server, token=os.environ.get(TOKEN_VARIABLE), **told) as client:
        return look_at("score", paths, asked, lambda: _load(client, threshold))


def _load(client: Client, threshold: float | None) -> tuple[Detector, ServedModel]:
    """What `look_at` must know."""
    return client.detector(threshold=threshold), client.served


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(score, argv, prog="fakeloc score")


if __name__ == "__main__":
    sys.exit(main())
