"""The options of `fakeloc detect`, `score`, `serve`, `ui` and `export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path],
    typer.Argument(
        help="Pictures, videos and folders of them; - reads a list from stdin."
    ),
]
# A text, not a Path: `./NAME` is another model than NAME, see `shipped.locate`.
Model = Annotated[
    str | None,
    typer.Option(
        help="Run folder, .keras file of one, an export, or a name of `fakeloc models`;"
        " default: the shipped one."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for the results; default: fakeloc_out, with --json none."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the line of each file to stdout.")
]
Fps = Annotated[
    float, typer.Option(min=0.01, help="Frames a second to score of a video.")
]
AllFrames = Annotated[
    bool, typer.Option("--all-frames", help="Score every frame of a video.")
]
MaxMinutes = Annotated[
    float,
    typer.Option(min=0.01, help="Of a video; what comes later is not looked at."),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        help="From here on a face is likely manipulated; default: the one chosen on "
        "validation."
    ),
]
FaceSide = Annotated[
    int,
    typer.Option(
        min=80,
        help="Frames are shrunk to this longer side to look for faces; less is "
        "faster, more finds smaller faces.",
    ),
]
BatchSize = Annotated[
    int, typer.Option(min=1, help="Faces that the model gets at once.")
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        min=1, help="Processes that read files; default: one a core, at most 16."
    ),
]


# Of `fakeloc export`.
class ExportFormat(StrEnum):
    """First words of the keys of `serving.exports.formats.FORMATS`."""

    SAVED_MODEL = "saved_model"
    ONNX = "onnx"
    OPENVINO = "openvino"
    LITERT = "litert"


class Quantization(StrEnum):
    """Keys of `serving.exports.litert_model.QUANTIZATIONS`."""

    NONE = "none"
    FLOAT16 = "float16"
    DYNAMIC_RANGE = "dynamic_range"


Run = Annotated[
    str | None,
    typer.Option(
        help="Folder of the run, or a name of `fakeloc models`; default: the shipped "
        "model."
    ),
]
ExportFolder = Annotated[
    Path, typer.Option(help="New folder; a SavedModel goes to DIR/1, DIR/2, …")
]
Format = Annotated[
    ExportFormat, typer.Option(help="For TF Serving, ONNX Runtime, OpenVINO or phones.")
]
Verify = Annotated[
    Path | None,
    typer.Option(help="Prepared records: verify on faces of their test split."),
]
Quantize = Annotated[
    Quantization,
    typer.Option(
        help="Weights of --format litert: half the size as float16, a quarter as "
        "dynamic_range, which changes the scores."
    ),
]

# Of `fakeloc score`.
Server = Annotated[
    str,
    typer.Option(
        help="http(s)://HOST:8501 for REST or grpc(s)://HOST:8500 for gRPC; a token is "
        "taken from FAKELOC_SERVER_TOKEN in the environment."
    ),
]
ModelName = Annotated[str, typer.Option(help="Of the model on the server.")]
ModelVersion = Annotated[
    int | None,
    typer.Option(min=0, help="Of the model; default: the highest available."),
]
RequestSize = Annotated[
    int, typer.Option("--batch-size", min=1, help="Faces in a request.")
]
Parallel = Annotated[int, typer.Option(min=1, help="Requests at the same time.")]
Timeout = Annotated[
    float, typer.Option(min=0.1, help="Seconds that one request may take.")
]
Retries = Annotated[
    int, typer.Option(min=0, help="Further attempts where the server does not answer.")
]
CaFile = Annotated[
    Path | None,
    typer.Option(help="PEM of the authority that signed the server's certificate."),
]
Compact = Annotated[
    bool | None,
    typer.Option(
        "--compact/--float-maps",
        help="Maps of 8 bits, exact to 1/510, or of 32; default: 8 over REST, 32 over "
        "gRPC.",
    ),
]

# Of `fakeloc evaluate` and `fakeloc robustness`.
AllowOverlap = Annotated[
    bool,
    typer.Option(
        "--allow-overlap",
        help="Although people of the split were trained on; recorded.",
    ),
]
AllowOtherPreparation = Annotated[
    bool,
    typer.Option(
        "--allow-other-preparation",
        help="Although crop or σ are not the model's; recorded.",
    ),
]

# Of `fakeloc ui` and `fakeloc serve`.
Port = Annotated[int, typer.Option(min=1, max=65535, help="Of the server.")]
MaxMb = Annotated[float, typer.Option(help="Largest upload, in megabytes.")]
MaxSeconds = Annotated[
    float, typer.Option(help="Of a video; what comes later is not looked at.")
]
TimeLimit = Annotated[
    float, typer.Option(help="Seconds that the work on one file may take.")
]
ServeHost = Annotated[
    str,
    typer.Option(
        help="Address to bind to; the default is reachable from this machine only. "
        "Elsewhere set FAKELOC_SERVE_TOKEN in the environment."
    ),
]
Queue = Annotated[
    int,
    typer.Option(
        min=0, help="Requests that may wait; further ones are answered with 429."
    ),
]
Grace = Annotated[
    float,
    typer.Option(min=0, help="Seconds for what is under way when it is stopped."),
]
ServeWorkers = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Processes that read files, one of which videos leave free; default: one "
        "a core, 2 to 16.",
    ),
]
