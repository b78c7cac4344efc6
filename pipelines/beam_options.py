"""Options for Apache Beam: where and how a pipeline runs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import create_runner

from fakeloc_tf.errors import FakelocError


def beam_options(given: Sequence[str], workers: int) -> PipelineOptions:
    """The user's options, else a local runner with `workers` processes.

    Raises:
        FakelocError: neither this command nor Beam knows one of them.
    """
    options = list(given)
    _check_known(options)
    if not any(option.startswith("--runner") for option in options):
        # `DirectRunner` would try to download the Prism runner first; this is what it
        # falls back on.
        options += [
            "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner"
        ]
        if workers > 1:
            options += [
                "--direct_running_mode=multi_processing",
                f"--direct_num_workers={workers}",
            ]
    return PipelineOptions(options)


def _check_known(options: list[str]) -> None:
    """Beam only logs what it does not know: a mistyped option would change nothing."""
    for option in options:
        name, _, runner = option.partition("=")
        if name == "--runner" and runner:
            _load_runner(runner)
    parser: Any = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for group in PipelineOptions.__subclasses__():
        try:
            group._add_argparse_args(parser)
        except argparse.ArgumentError:
            # Two groups share an option; the first has added it.
            continue
    unknown = parser.parse_known_args(options)[1]
    if unknown:
        raise FakelocError(
            f"unknown option {unknown[0]}; see --help (a pattern such as '*.jpg' needs "
            "quotes)"
        )


def _load_runner(name: str) -> None:
    """Imports a runner's module, which brings options of its own."""
    try:
        create_runner(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise FakelocError(f"--runner {name} is not known to Beam: {error}") from error
