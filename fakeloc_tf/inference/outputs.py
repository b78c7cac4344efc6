"""The output folder of `fakeloc detect`: rows, masks and overlays."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import FaceResult
from fakeloc_tf.media.images import decode_png, write_png


class Outputs:
    """Writes below one folder; a file appears whole or not at all.

    `results.jsonl` has a line for each finished file, written last, so that what a
    line names is there.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder.

        Raises:
            FakelocError: it holds the results of another call.
        """
        self.folder = folder
        self.results = folder / "results.jsonl"
        if folder.exists() and not folder.is_dir():
            raise FakelocError(f"{folder} is a file; choose another folder")
        if self.results.exists():
            raise FakelocError(
                f"{self.results} is there already; choose another folder or remove it"
            )
        for name in ("masks", "overlays"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._unfinished: list[Path] = []

    def begin(self) -> None:
        """Starts a file: `discard` takes back what is written from here on."""
        self._unfinished = []

    def discard(self) -> None:
        """Removes what was written for a file that could not be finished."""
        for path in self._unfinished:
            path.unlink(missing_ok=True)
        self._unfinished = []

    def write_mask(self, name: str, localization: np.ndarray) -> str:
        """Saves a map as PNG, 0..255, in the coordinates of its crop box.

        Args:
            name: without suffix.
            localization: float32 [S, S] in 0..1.

        Returns:
            The path below the output folder.
        """
        path = self.target("masks", f"{name}.png")
        write_png(path, np.round(255 * np.clip(localization, 0, 1)).astype(np.uint8))
        return path.relative_to(self.folder).as_posix()

    def read_mask(self, path: str) -> np.ndarray:
        """float32 [S, S] in 0..1, what `write_mask` saved, to 1/510."""
        return decode_png((self.folder / path).read_bytes()).astype(np.float32) / 255

    def target(self, folder: str, file_name: str) -> Path:
        """A path to write to, that `discard` removes."""
        path = self.folder / folder / file_name
        self._unfinished.append(path)
        return path

    def append(self, row: dict[str, Any]) -> None:
        """Adds the line of a finished file."""
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._unfinished = []


def face_row(face: FaceResult, mask: str) -> dict[str, Any]:
    """One face as it stands in `results.jsonl`."""
    box, crop = face.box, face.crop_box
    row: dict[str, Any] = {
        "box": [round(v, 1) for v in (box.left, box.top, box.right, box.bottom)],
        "face_score": round(box.score, 4),
        "crop_box": [crop.left, crop.top, crop.right, crop.bottom],
        "probability": face.probability,
        "verdict": face.verdict,
        "manipulated_fraction": face.manipulated_fraction,
        "mask": mask,
    }
    if face.method_probabilities is not None:
        row["method_probabilities"] = face.method_probabilities
    return row


def sha256_of(path: Path) -> str | None:
    """Hex digest of a file's bytes; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()
