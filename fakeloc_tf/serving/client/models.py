"""Which models and versions the server has."""

from __future__ import annotations

from collections.abc import Mapping

from fakeloc_tf.serving.client.errors import NotServedError, ServerError
from fakeloc_tf.serving.client.transport import Transport

AVAILABLE = "AVAILABLE"
# TF Serving lists no names: those of this project, of its image and of its program.
USUAL_NAMES = ("fakeloc", "model", "default")


def choose_version(states: Mapping[int, str], wanted: int | None, where: str) -> int:
    """The version to ask.

    Args:
        states: version → its state.
        wanted: None = the highest that is available, as TF Serving chooses.
        where: server and model, for messages.

    Raises:
        NotServedError: it is not there, or not available.
    """
    there = [version for version, state in states.items() if state == AVAILABLE]
    if wanted is None and there:
        return max(there)
    if wanted is not None and wanted in there:
        return wanted
    listed = ", ".join(f"{version} ({states[version]})" for version in sorted(states))
    what = "no version" if wanted is None else f"version {wanted} is not"
    raise NotServedError(
        f"{where}: {what} available; the server has {listed or 'none'}; wait until it "
        "is loaded, or ask for another (`--version`)"
    )


def with_names_found(transport: Transport, url: str, model: str) -> ServerError:
    """The error of a model that the server does not have, with those it has."""
    found = []
    for name in USUAL_NAMES:
        try:
            if name != model and transport.versions(name):
                found.append(name)
        except ServerError:
            continue
    hint = f"it has {', '.join(found)}" if found else "TF Serving lists no names"
    return NotServedError(
        f"{url} has no model {model!r}; {hint}: give the name that the server was "
        "started with (`--model-name`)"
    )
