"""`fakeloc ui`: a page in the browser to drop pictures and videos on."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import time
from typing import Annotated

import typer

from fakeloc_tf import cli, options
from fakeloc_tf.errors import FakelocError

# A password does not belong on a command line, where `ps` shows it.
AUTH_VARIABLE = "FAKELOC_UI_AUTH"


def ui(
    model: options.Model = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to bind to; the default is reachable from this machine "
            f"only. Elsewhere set {AUTH_VARIABLE}=user:password in the environment."
        ),
    ] = "127.0.0.1",
    port: options.Port = 7860,
    max_mb: options.MaxMb = 100.0,
    max_seconds: options.MaxSeconds = 60.0,
    time_limit: options.TimeLimit = 300.0,
) -> int:
    """Opens a page in the browser that does what `fakeloc detect` does.

    Nothing is sent anywhere, and uploads are deleted with the answer.
    """
    if importlib.util.find_spec("gradio") is None:
        raise FakelocError(
            "the page needs Gradio, which is not installed; "
            "`pip install 'fakeloc-tf[ui]'` brings it"
        )
    from fakeloc_tf.web.limits import Limits
    from fakeloc_tf.web.ui.server import Address, parse_auth, serving

    limits = Limits(max_mb, max_seconds, time_limit)
    address = Address(host, port, parse_auth(os.environ.get(AUTH_VARIABLE)))
    # Stopped by a service manager it cleans up as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with serving(model, limits, address) as place:
        print(f"{place} (stop with Ctrl-C)", flush=True)
        while True:
            time.sleep(3600)


def main(argv: list[str] | None = None) -> int:
    """Entry point; see `--help`."""
    return cli.run(ui, argv, prog="fakeloc ui")


if __name__ == "__main__":
    sys.exit(main())
