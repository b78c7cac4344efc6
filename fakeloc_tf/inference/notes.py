"""What readers of files log as a warning, as text for the file's row."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fakeloc_tf.inference.inputs import valid_text


@contextmanager
def noted() -> Iterator[list[str]]:
    """Collects the warnings that the package logs meanwhile, each once."""
    notes: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (text := valid_text(record.getMessage())) not in notes:
                notes.append(text)

    logger, handler = logging.getLogger("fakeloc_tf"), Collect(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield notes
    finally:
        logger.removeHandler(handler)
