"""What readers of files log as a warning, as text for the file's row."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
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


def unread_frames(missing: int) -> str:
    """The note on a video of which some frames are missing."""
    return f"{missing} of the frames to score could not be read"


def joined(notes: Sequence[str], path: str) -> str:
    """Notes on a file as one text, each once; `path` is in its row already."""
    texts = (note.removeprefix(f"{path} ") for note in notes)
    return "; ".join(dict.fromkeys(texts))
