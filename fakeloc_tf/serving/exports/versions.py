"""Numbered folders of a SavedModel, as TF Serving wants them."""

from __future__ import annotations

from pathlib import Path

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.loading import SAVED_MODEL, versions_in


def version_folder(out: Path) -> Path:
    """Where an export goes: `out` if its name is a number, else the next one below it.

    Args:
        out: `exports/ffpp_c23/3`, or `exports/ffpp_c23`.

    Returns:
        Of the latter, one more than the highest number that is there, from 1 on: TF
        Serving and `Detector` take the highest.

    Raises:
        FakelocError: `out` is a file, or a SavedModel itself.
    """
    if out.name.isdecimal():
        return out
    if not out.exists():
        return out / "1"
    if not out.is_dir():
        raise FakelocError(f"{out} is a file; choose another folder")
    if (out / SAVED_MODEL).is_file():
        raise FakelocError(
            f"{out} is a SavedModel itself, without a version; move it to {out}/1 "
            "first, or choose another folder"
        )
    return out / str(max(versions_in(out), default=0) + 1)
