"""Serves the page; what visitors send lives in one folder that ends with the server."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.web.limits import Limits
from fakeloc_tf.web.ui.examine import Examiner
from fakeloc_tf.web.ui.samples import make_samples

if TYPE_CHECKING:
    import gradio

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where the page is, and for whom.

    Attributes:
        host: address to bind to.
        port: of the server.
        auth: (user, password), or None for everybody who can reach it.
    """

    host: str
    port: int
    auth: tuple[str, str] | None = None


def parse_auth(text: str | None) -> tuple[str, str] | None:
    """User and password of `user:password`; None or empty text = nobody is asked.

    Raises:
        FakelocError: a part is missing. The text is a secret and is not repeated.
    """
    if not text:
        return None
    user, _, password = text.partition(":")
    if not user or not password:
        raise FakelocError("FAKELOC_UI_AUTH must be of the form user:password")
    return user, password


@contextmanager
def serving(model: shipped.Given, limits: Limits, address: Address) -> Iterator[str]:
    """Serves the page while the `with` block runs.

    Yields:
        The page's address.

    Raises:
        FakelocError: there is no model, the port is taken, or the host is none of this
            machine.
    """
    detector = Detector(model)
    with tempfile.TemporaryDirectory(prefix="fakeloc-ui-") as name:
        root = Path(name)
        for part in ("uploads", "work", "samples"):
            (root / part).mkdir()
        with _kept_to_itself(root / "uploads"):
            # Gradio reads the environment when it is imported.
            from fakeloc_tf.web.ui import page

            samples = make_samples(root / "samples")
            with closing(Examiner(detector, model, limits, root / "work")) as examiner:
                blocks = page.build(examiner, samples, root / "uploads")
                try:
                    yield _launch(blocks, limits, address)
                finally:
                    blocks.close(verbose=False)


@contextmanager
def _kept_to_itself(uploads: Path) -> Iterator[None]:
    """Nothing is sent home, nothing shared, and uploads are where we clean."""
    settings = {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "GRADIO_TEMP_DIR": str(uploads),
        # Gradio's own statistics of its queue need pandas 2; this package takes 1.5.
        "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
    }
    logging.getLogger("httpx").setLevel(logging.WARNING)
    before = dict(os.environ)
    os.environ.update(settings)
    os.environ.pop("GRADIO_ALLOWED_PATHS", None)
    try:
        yield
    finally:
        # Another page of the same process has a folder of its own.
        for name in (*settings, "GRADIO_ALLOWED_PATHS"):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _launch(blocks: gradio.Blocks, limits: Limits, address: Address) -> str:
    """Starts the server's thread and returns the page's address."""
    from fakeloc_tf.web import guard
    from fakeloc_tf.web.ui import page, theme

    if address.host not in guard.LOOPBACK:
        asks = "" if address.auth else " without a password (FAKELOC_UI_AUTH)"
        log.warning(
            "the page is open to everybody who can reach %s%s; it has no encryption",
            address.host,
            asks,
        )
    try:
        _, local, _ = blocks.launch(
            server_name=address.host,
            server_port=address.port,
            auth=address.auth,
            max_file_size=limits.max_bytes,
            app_kwargs={"middleware": guard.middleware(address.host, limits.max_bytes)},
            theme=theme.theme(),
            css=(page.TEMPLATES / "page.css").read_text(encoding="utf-8"),
            head=theme.head(),
            share=False,
            inbrowser=False,
            prevent_thread_lock=True,
            quiet=True,
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            show_error=False,
        )
    except OSError as error:
        raise FakelocError(
            f"the page cannot be served on {address.host}, port {address.port} "
            f"({error}); choose another --port or --host"
        ) from error
    return local
