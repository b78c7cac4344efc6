"""JSON lines on stderr, of this service and of the libraries that it uses."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict


def _without_colours(_: Any, __: str, event: EventDict) -> EventDict:
    """uvicorn says everything twice, once for terminals."""
    event.pop("color_message", None)
    return event


_SHARED: tuple[Any, ...] = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _without_colours,
    # Plain text: the structured form has the local variables, and so a file's bytes.
    structlog.processors.format_exc_info,
)


def configure() -> None:
    """Makes every line that this process logs an object of JSON."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    # It warns with the client's name of a file in the text.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
