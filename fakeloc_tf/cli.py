"""`fakeloc <verb>`; each verb is also `python -m` the module in `VERBS`."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

from fakeloc_tf.errors import FakelocError

# verb -> (module with `main(argv) -> int`, one line for the help)
VERBS: dict[str, tuple[str, str]] = {
    "demo-data": ("fakeloc_tf.demo_data", "write the embedded demo set, FF++ layout"),
    "train": ("fakeloc_tf.train", "train in two steps"),
    "calibrate": (
        "fakeloc_tf.calibrate",
        "temperature and thresholds from validation",
    ),
    "evaluate": ("fakeloc_tf.evaluate", "predictions, metrics, a table per method"),
    "robustness": ("fakeloc_tf.robustness", "score and mask under corruptions"),
    "reproduce": ("fakeloc_tf.reproduce", "the paper's tables and figures"),
    "export": ("fakeloc_tf.export", "for TF Serving, ONNX Runtime, OpenVINO or phones"),
    "detect": ("fakeloc_tf.detect", "score and locate in pictures, videos, folders"),
    "score": ("fakeloc_tf.score", "the same, the model on a TensorFlow Serving"),
    "serve": ("fakeloc_tf.serve", "the same for programs: HTTP, JSON, OpenAPI"),
    "models": ("fakeloc_tf.list_models", "the models that are shipped, and own runs"),
    "ui": ("fakeloc_tf.ui", "the same in the browser: drop a picture or a video"),
}


def run(
    command: Callable[..., int | None],
    argv: list[str] | None = None,
    *,
    prog: str,
    pass_unknown: bool = False,
) -> int:
    """Parses `argv` for one command, runs it and returns its exit status.

    Args:
        command: a function with typer annotations; returns an exit status or None.
        argv: arguments without the program's name; None = those of the process.
        prog: the name that the help shows.
        pass_unknown: leave options that the command does not know to it
            (`typer.Context.args`), as Beam's pipelines need.

    Returns:
        The command's status; 2 for a wrong call or a `FakelocError`.
    """
    import typer

    _quiet_start()
    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(context_settings=settings if pass_unknown else None)(_guard(command))
    try:
        app(args=argv, prog_name=prog)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    return 0


def _guard(command: Callable[..., int | None]) -> Callable[..., None]:
    """Turns the command's status and a `FakelocError` into typer's exit."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        import typer

        try:
            status = command(*args, **kwargs)
        except FakelocError as error:
            print(f"error: {_printable(str(error))}", file=sys.stderr)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            print("stopped", file=sys.stderr)
            raise typer.Exit(130) from error
        raise typer.Exit(status or 0)

    return guarded


def _printable(text: str) -> str:
    """Without what moves a terminal's cursor: names and servers can be hostile."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def _quiet_start() -> None:
    """Sets logging up and keeps TensorFlow's start-up chatter off the terminal."""
    # 3: TensorFlow calls it an error that a machine without GPU has no cuFFT.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    logging.basicConfig(
        level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    # What fails in one of Beam's workers comes back as an exception, and it warns of
    # what it lacks for a format and for figures that are not used here.
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    logging.getLogger().addFilter(_not_beams)
    for noisy in ("tensorflow", "absl", "apache_beam", "matplotlib", "h5py"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _not_beams(record: logging.LogRecord) -> bool:
    """A filter by name: the same one is added once, however often a command runs."""
    text = record.getMessage()
    return "crcmod" not in text and "Resource module is not available" not in text


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script `fakeloc`."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] in ("-h", "--help"):
        width = max(map(len, VERBS))
        print("usage: fakeloc VERB [OPTIONS]    (fakeloc VERB --help)\n")
        for verb, (_, text) in VERBS.items():
            print(f"  {verb:<{width}}  {text}")
        return 0 if argv else 2
    if argv[0] == "--version":
        import fakeloc_tf

        print(f"fakeloc {fakeloc_tf.__version__}")
        return 0
    if argv[0] not in VERBS:
        print(
            f"error: unknown verb {argv[0]!r}; one of {', '.join(VERBS)}",
            file=sys.stderr,
        )
        return 2
    module = importlib.import_module(VERBS[argv[0]][0])
    return module.main(argv[1:])


if __name__ == "__main__":
    sys.exit(main())
