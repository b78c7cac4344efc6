"""What an upload may be, and for how long it may be worked on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import IMAGE_SUFFIXES
from fakeloc_tf.media.video import VIDEO_SUFFIXES

SUFFIXES = tuple(sorted(IMAGE_SUFFIXES)) + tuple(sorted(VIDEO_SUFFIXES))
MB = 1 << 20
# Beside the file, a form has a few lines of its own.
FORM_BYTES = MB


@dataclass(frozen=True)
class Limits:
    """Limits of one upload.

    Attributes:
        max_mb: megabytes of the file (2^20 bytes, as Gradio counts).
        max_seconds: of a video; what comes later is not looked at.
        time_limit: seconds that the work on one file may take.
    """

    max_mb: float
    max_seconds: float
    time_limit: float

    def __post_init__(self) -> None:
        for name in ("max_mb", "max_seconds", "time_limit"):
            if not getattr(self, name) > 0:
                raise FakelocError(
                    f"{name} must be above 0. Received: {getattr(self, name)}"
                )

    @property
    def max_bytes(self) -> int:
        """`max_mb` in bytes."""
        return int(self.max_mb * MB)

    def check(self, path: Path) -> None:
        """Refuses a file that is too large.

        What is in it is looked at by a worker process, which has bounds of its own.

        Raises:
            FakelocError: the file is beyond the limit; the message is for the page.
        """
        size = path.stat().st_size
        if size > self.max_bytes:
            raise FakelocError(
                f"The file has {size / MB:.1f} MB; at most {self.max_mb:g} MB are "
                "allowed here. Shorten the video, or use `fakeloc detect`."
            )


def without_path(text: str, path: Path) -> str:
    """What is said of an upload, without where it lies on the server."""
    return text.replace(str(path), "The file")
