"""What a layout is asked to list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """A data set on disk and how to read it.

    Attributes:
        path: the data set's folder, or its CSV manifest.
        dataset: name for the records.
        quality: FF++: which folder; elsewhere a word for the records; None = default.
        identities: CSV file,identity[,split] of a plain folder.
        splits: `official`, or `identity`: by the hash of each person.
    """

    path: Path
    dataset: str
    quality: str | None = None
    identities: Path | None = None
    splits: str = "official"

    @property
    def quality_word(self) -> str:
        """For data sets of one quality, whose files do not say which."""
        return self.quality or "unknown"


def make_request(
    path: Path,
    name: str | None = None,
    quality: str | None = None,
    identities: Path | None = None,
    splits: str = "official",
) -> Request:
    """A request as the command line gives it; the data set is named like its path."""
    return Request(
        path, name or path.resolve().stem, quality and str(quality), identities, splits
    )
